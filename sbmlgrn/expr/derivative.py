"""Symbolic derivatives of expression graphs, in forward and in reverse accumulation.

At the jumps and kinks of ``floor``, ``abs``, ``min``, ``piecewise`` … the derivative of the branch taken is
meant; the distributional part of a jump is the business of the event machinery. A branch that is not taken
never contributes, not even where its own derivative is infinite or undefined. Where ``exp`` and powers of finite
numbers overflow they are constant, as computed: whatever has a value there, like 1/(1 + exp(x)), has derivative 0.

Source: Griewank & Walther, Evaluating Derivatives (2nd ed., SIAM 2008), sections 3.1 (forward) and 3.2 (reverse).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from sbmlgrn.expr import ops
from sbmlgrn.expr.node import (
    ONE,
    TRUE,
    ZERO,
    Expr,
    add,
    and_,
    constant,
    divide,
    function,
    multiply,
    negate,
    or_,
    piecewise,
    power,
    relation,
    subtract,
)
from sbmlgrn.expr.traverse import postorder

_LN10: Final = function("ln", constant(10.0))
_INFINITE: Final = constant(math.inf)
_SMALL: Final = 8.0
"""Exponents up to this let no number overflow that is met in a model."""
_FACTORS: Final = 16
"""Most factors of a base of a power; squares of squares of … would have no end of them."""


def _power_exponent(base: Expr, exponent: Expr, node: Expr) -> Expr:
    """d(u^v)/dv = u^v ln u, continued by its limit 0 at u = 0 for v > 0, where the product would be 0·(−∞)."""
    slope = _unless_overflown(node, node * function("ln", base))
    if base.op == "constant":
        return slope
    # a species that is 0 may be computed as slightly less, where u^2 has a value, but u^v no derivative by v
    at_zero = and_(relation("leq", base, ZERO), relation("geq", exponent, ZERO))
    return piecewise(ZERO, at_zero, slope)


def _unless_overflown(node: Expr, slope: Expr) -> Expr:
    """A derivative of a power; 0 where it is infinite and its base neither a pole nor itself infinite."""
    base, exponent = node.args
    if exponent.number is not None and abs(exponent.number) <= _SMALL:
        return slope
    size = function("abs", base)
    infinite = relation("eq", function("abs", node), _INFINITE)
    return piecewise(ZERO, and_(infinite, relation("gt", size, ZERO), relation("lt", size, _INFINITE)), slope)


def _power_links(node: Expr, wanted: Callable[[Expr], bool]) -> list[tuple[Expr, Expr]]:
    """For a power: what it depends on, and its derivatives."""
    base, exponent = node.args
    links: list[tuple[Expr, Expr]] = []
    if wanted(exponent):
        links.append((exponent, _power_exponent(base, exponent, node)))
    if not wanted(base):
        return links
    slope = _unless_overflown(node, exponent * power(base, exponent - 1))
    if exponent.op != "constant":
        slope = piecewise(ZERO, relation("eq", exponent, ZERO), slope)  # at base 0 the product would be 0·∞
    if exponent.number is not None and exponent.number >= 1:
        return [*links, (base, slope)]
    return [*links, *_factors(base, slope, _unless_overflown(node, exponent * node), wanted)]


def _factors(base: Expr, slope: Expr, relative: Expr, wanted: Callable[[Expr], bool]) -> list[tuple[Expr, Expr]]:
    """The derivatives of a power of `base` by what this is a product or quotient of.

    (x/c)^n with n < 1 has an infinite slope at x = 0, but in the direction of c it is constant there. So, the
    derivative by a factor that is not 0 is that of the logarithm, `relative`, divided by the factor.
    """
    above, below = _monomial(base)
    if above == [base]:
        return [(base, slope)]
    links: list[tuple[Expr, Expr]] = []
    for i, factor in enumerate(above):
        if wanted(factor):
            others = divide(multiply(*above[:i], *above[i + 1 :]), multiply(*below))
            links.append((factor, piecewise(divide(relative, factor), relation("neq", factor, ZERO), slope * others)))
    return [*links, *((factor, negate(divide(relative, factor))) for factor in below if wanted(factor))]


def _monomial(node: Expr) -> tuple[list[Expr], list[Expr]]:
    """What is multiplied and what is divided by in `node`; `node` itself where that is too much."""
    above: list[Expr] = []
    below: list[Expr] = []
    waiting = [(node, above, below)]
    while waiting:
        if len(above) + len(below) + len(waiting) > _FACTORS:
            return [node], []
        factor, here, there = waiting.pop()
        if factor.op == "multiply":
            waiting += [(f, here, there) for f in reversed(factor.args)]
        elif factor.op == "divide":
            waiting += [(factor.args[1], there, here), (factor.args[0], here, there)]
        else:
            here.append(factor)
    return above, below


_UNARY: Final[dict[str, Callable[[Expr, Expr], Expr]]] = {
    "negate": lambda x, f: negate(ONE),
    "exp": lambda x, f: piecewise(ZERO, relation("eq", f, _INFINITE), f),
    "ln": lambda x, f: divide(ONE, x),
    "log10": lambda x, f: divide(ONE, x * _LN10),
    "abs": lambda x, f: piecewise(-1, relation("lt", x, ZERO), 1, relation("gt", x, ZERO), 0),
    "floor": lambda x, f: ZERO,
    "ceiling": lambda x, f: ZERO,
    "factorial": lambda x, f: f * _polygamma(0, x + 1),
    "sin": lambda x, f: function("cos", x),
    "cos": lambda x, f: negate(function("sin", x)),
    "tan": lambda x, f: 1 + f * f,
    "arcsin": lambda x, f: divide(ONE, function("sqrt", 1 - x * x)),
    "arccos": lambda x, f: divide(constant(-1), function("sqrt", 1 - x * x)),
    "arctan": lambda x, f: divide(ONE, 1 + x * x),
    "sinh": lambda x, f: function("cosh", x),
    "cosh": lambda x, f: function("sinh", x),
    "tanh": lambda x, f: 1 - f * f,
    "arcsinh": lambda x, f: divide(ONE, function("sqrt", x * x + 1)),
    "arccosh": lambda x, f: divide(ONE, function("sqrt", x - 1) * function("sqrt", x + 1)),
    "arctanh": lambda x, f: divide(ONE, 1 - x * x),
}


def _polygamma(order: int, x: Expr) -> Expr:
    from sbmlgrn.expr.node import make

    return make("polygamma", (x,), order)


def _partials(node: Expr) -> list[Expr | None]:
    """Partial derivative of `node` to each operand; ``None`` where the operand has no influence on the slope."""
    args = node.args
    match node.op:
        case "add":
            return [ONE] * len(args)
        case "subtract":
            return [ONE, constant(-1)]
        case "multiply":
            return [multiply(*args[:i], *args[i + 1 :]) for i in range(len(args))]
        case "divide":
            return [divide(ONE, args[1]), negate(divide(node, args[1]))]
        case "min" | "max":
            return [piecewise(ONE, guard, ZERO) for guard in _choices(node)]
        case "remainder":
            return [ONE, negate(function("quotient", *args))]
        case "polygamma":
            return [_polygamma(int(node.value) + 1, args[0])]  # type: ignore[call-overload]
        case "piecewise":
            return [piecewise(ONE, guard, ZERO) if guard is not None else None for guard in _branches(node)]
        case "delay" | "rate_of" | "call":
            raise ValueError(f"operation {node.op!r} must be expanded before it is differentiated")
        case op if op in ops.DRAWS:
            raise ValueError(f"a random value, {node!r}, has no derivative")
    rule = _UNARY.get(node.op)
    return [None] * len(args) if rule is None else [rule(args[0], node)]


def _choices(node: Expr) -> list[Expr]:
    """For ``min``/``max``: the condition under which each operand is the (first) extreme one."""
    before, after = ("lt", "leq") if node.op == "min" else ("gt", "geq")
    return [
        and_(*(relation(before if j < i else after, a, b) for j, b in enumerate(node.args) if j != i))
        for i, a in enumerate(node.args)
    ]


def _branches(node: Expr) -> list[Expr | None]:
    """For ``piecewise``: the condition under which each operand is the value; ``None`` for the conditions."""
    from sbmlgrn.expr.node import not_

    guards: list[Expr | None] = []
    none_before: list[Expr] = []
    for condition in node.args[1::2]:
        guards += [and_(*none_before, condition), None]
        none_before.append(not_(condition))
    return [*guards, and_(*none_before)]


def tangent(roots: Iterable[Expr], seeds: Mapping[Expr, Expr]) -> list[Expr]:
    """Directional derivatives by forward accumulation.

    Args:
        roots: expressions to differentiate.
        seeds: the tangent of each independent leaf (a symbol or ``TIME``); leaves left out are constants.

    Returns:
        One expression per root; structurally zero ones are the constant 0.
    """
    roots = list(roots)
    dot: dict[Expr, Expr] = {}
    for node in postorder(roots):
        if node in seeds:
            dot[node] = seeds[node]
        elif node.is_boolean or not any(dot[a] is not ZERO for a in node.args):
            dot[node] = ZERO
        elif node.op == "piecewise":
            flat = list(node.args)
            flat[0::2] = [dot[a] for a in node.args[0::2]]
            dot[node] = piecewise(*flat)
        elif node.op in ("min", "max"):
            pairs = [x for a, guard in zip(node.args, _choices(node), strict=True) for x in (dot[a], guard)]
            dot[node] = piecewise(*pairs, dot[node.args[-1]])
        elif node.op in ("add", "subtract"):
            terms = [dot[a] for a in node.args]
            dot[node] = subtract(*terms) if node.op == "subtract" else add(*terms)
        else:
            links = _links(node, lambda a: dot[a] is not ZERO)
            products = [(dot[a], _times(partial, dot[a])) for a, partial in links]
            if node.op in ("power", "sqrt"):  # what does not change has no effect, not even where the slope is infinite
                products = [(d, piecewise(ZERO, relation("eq", d, ZERO), product)) for d, product in products]
            dot[node] = add(*(product for _, product in products))
    return [dot[r] for r in roots]


def _links(node: Expr, wanted: Callable[[Expr], bool]) -> list[tuple[Expr, Expr]]:
    """What `node` depends on, of that which is `wanted`, and the partial derivatives."""
    if node.op == "power":
        return _power_links(node, wanted)
    if node.op == "sqrt":
        return _factors(node.args[0], divide(ONE, 2 * node), divide(node, 2), wanted)
    return [(a, p) for a, p in zip(node.args, _partials(node), strict=True) if p is not None and wanted(a)]


def _times(partial: Expr, factor: Expr) -> Expr:
    if partial.value == -1 and partial.op == "constant":
        return negate(factor)
    if partial.op == "divide" and partial.args[0] is ONE:
        return divide(factor, partial.args[1])
    return partial * factor


def derivative(root: Expr, leaf: Expr) -> Expr:
    """d(`root`)/d(`leaf`), where `leaf` is a symbol or ``TIME``."""
    return tangent([root], {leaf: ONE})[0]


def cotangent(roots: Sequence[Expr], seeds: Sequence[Expr], leaves: Sequence[Expr]) -> list[Expr]:
    """Vector–Jacobian product Σᵢ seedsᵢ · ∂rootsᵢ/∂leaf for every leaf, by reverse accumulation.

    The result has at most a small multiple of the nodes of `roots`, however many leaves there are.

    Args:
        roots: expressions to differentiate.
        seeds: the weight of each root, an expression.
        leaves: symbols or ``TIME``.

    Returns:
        One expression per leaf; structurally zero ones are the constant 0.
    """
    order = postorder(roots)
    wanted = set(leaves)
    active: set[Expr] = set()
    for node in order:
        if node in wanted or (not node.is_boolean and any(a in active for a in node.args)):
            active.add(node)
    terms: dict[Expr, list[Expr]] = {}
    taken: dict[Expr, Expr] = {}
    for root, seed in zip(roots, seeds, strict=True):
        _scatter(root, seed, TRUE, terms, taken)
    for node in reversed(order):
        if node not in active or node not in terms or node in wanted:
            continue
        bar, when = add(*terms.pop(node)), taken[node]
        if bar is ZERO:
            continue
        if node.op in ("piecewise", "min", "max"):
            guards = _branches(node) if node.op == "piecewise" else _choices(node)
            for operand, guard in zip(node.args, guards, strict=True):
                if guard is not None and operand in active:
                    _scatter(operand, piecewise(bar, guard, ZERO), and_(when, guard), terms, taken)
            continue
        for operand, partial in _links(node, active.__contains__):
            if partial is not ZERO:
                product = _times(partial, bar)
                # 0·∞ from a branch that was not taken
                guarded = product if partial.op == "constant" else piecewise(product, when, ZERO)
                _scatter(operand, guarded, when, terms, taken)
    return [add(*terms.get(leaf, [])) for leaf in leaves]


def _scatter(node: Expr, term: Expr, when: Expr, terms: dict[Expr, list[Expr]], taken: dict[Expr, Expr]) -> None:
    """Adds a term to the adjoint of `node`, which has an influence where `when` holds."""
    terms.setdefault(node, []).append(term)
    taken[node] = or_(taken[node], when) if node in taken else when


def jacobian(roots: Sequence[Expr], leaves: Sequence[Expr]) -> dict[tuple[int, int], Expr]:
    """Structurally nonzero entries ∂rootsᵢ/∂leavesⱼ as ``{(i, j): expression}``, in row-major order."""
    entries: dict[tuple[int, int], Expr] = {}
    position = {leaf: j for j, leaf in enumerate(leaves)}
    for i, root in enumerate(roots):
        columns = sorted(position[node] for node in postorder([root]) if node in position)
        row = cotangent([root], [ONE], [leaves[j] for j in columns])
        entries.update({(i, j): entry for j, entry in zip(columns, row, strict=True) if entry is not ZERO})
    return entries

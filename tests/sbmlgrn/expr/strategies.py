"""Random expressions, as pairs of our graph and of the formula text that libSBML parses."""

from __future__ import annotations

from hypothesis import strategies as st

from sbmlgrn.expr import Expr, constant, divide, function, negate, piecewise, power, relation, symbol

Pair = tuple[Expr, str]

literals = st.one_of(
    st.integers(-50, 50).map(lambda n: (constant(n), f"({n})")),
    st.sampled_from([0.5, 1.5, 1e-3, 2.25, 1e3]).map(lambda x: (constant(x), repr(x))),
)
variables = st.sampled_from(["x", "y", "z"]).map(lambda n: (symbol(n), n))

_UNARY = ["exp", "ln", "sqrt", "abs", "floor", "ceil", "sin", "cos", "tan", "arctan", "sinh", "cosh", "tanh", "arcsinh"]
_SMOOTH = ["exp", "sin", "cos", "arctan", "tanh", "arcsinh"]


def _call(name: str, a: Pair) -> Pair:
    return function("ceiling" if name == "ceil" else name, a[0]), f"{name}({a[1]})"


def _if(op: str, sign: str, a: Pair, b: Pair, v: Pair, w: Pair) -> Pair:
    return piecewise(v[0], relation(op, a[0], b[0]), w[0]), f"piecewise({v[1]}, {a[1]} {sign} {b[1]}, {w[1]})"


def _extend(inner: st.SearchStrategy[Pair], functions: list[str]) -> st.SearchStrategy[Pair]:
    return st.one_of(
        st.builds(lambda a, b: (a[0] + b[0], f"({a[1]} + {b[1]})"), inner, inner),
        st.builds(lambda a, b: (a[0] - b[0], f"({a[1]} - {b[1]})"), inner, inner),
        st.builds(lambda a, b: (a[0] * b[0], f"({a[1]} * {b[1]})"), inner, inner),
        st.builds(lambda a, b: (divide(a[0], b[0]), f"({a[1]} / {b[1]})"), inner, inner),
        st.builds(lambda a: (negate(a[0]), f"(-{a[1]})"), inner),
        st.builds(lambda a, n: (power(a[0], n), f"({a[1]}^{n})"), inner, st.integers(0, 4)),
        st.builds(_call, st.sampled_from(functions), inner),
        st.builds(
            lambda op, *args: _if(*op, *args),
            st.sampled_from([("lt", "<"), ("leq", "<="), ("gt", ">"), ("geq", ">=")]),
            inner,
            inner,
            inner,
            inner,
        ),
    )


def expressions(smooth: bool = False) -> st.SearchStrategy[Pair]:
    """Expressions over x, y and z; with `smooth`, only functions that are smooth on the whole real line."""
    leaves = st.one_of(literals, variables)
    return st.recursive(leaves, lambda inner: _extend(inner, _SMOOTH if smooth else _UNARY), max_leaves=12)

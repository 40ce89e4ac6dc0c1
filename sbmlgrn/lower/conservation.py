"""What a system conserves: totals of moieties, and states that do not change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from sbmlgrn.expr import ONE, Expr, multiply
from sbmlgrn.lower.system import System


@dataclass(frozen=True)
class Conserved:
    """A sum Σ weightᵢ yᵢ that the right-hand side leaves as it is, whatever the state and the parameters.

    Attributes:
        dependent: a state that the others and the sum determine; no other sum has the same.
        weights: of the states, by index; that of `dependent` is 1.
    """

    dependent: int
    weights: Mapping[int, float]


def conserved(system: System) -> list[Conserved]:
    """As many independent linear sums as the structure of the equations shows.

    The right-hand sides are taken as combinations, with constant coefficients, of terms such as rates of reactions; the
    sums are the left null space of those coefficients, in exact arithmetic.

    Source: Reder 1988, J. Theor. Biol. 135:175, section 2.
    """
    numbers: dict[Expr, int] = {}
    pivots: dict[int, tuple[dict[int, Fraction], dict[int, Fraction]]] = {}
    laws: list[Conserved] = []
    for i, root in enumerate(system.rhs):
        row: dict[int, Fraction] = {}
        for term, factor in _terms(root).items():
            row[numbers.setdefault(term, len(numbers))] = factor
        sources = {i: Fraction(1)}
        while row:
            first = min(row)
            if first not in pivots:
                pivots[first] = row, sources
                break
            other, others = pivots[first]
            factor = -row[first] / other[first]
            _add(row, other, factor)
            _add(sources, others, factor)
        else:
            laws.append(Conserved(i, {j: float(weight) for j, weight in sources.items()}))
    return laws


def _add(row: dict[int, Fraction], other: Mapping[int, Fraction], factor: Fraction) -> None:
    for k, value in other.items():
        total = row.get(k, Fraction(0)) + factor * value
        if total:
            row[k] = total
        else:
            row.pop(k, None)


def _terms(root: Expr) -> dict[Expr, Fraction]:
    """`root` as a sum of terms with constant factors."""
    terms: dict[Expr, Fraction] = {}
    stack = [(root, Fraction(1))]
    while stack:
        node, factor = stack.pop()
        if node.op == "add":
            stack += [(a, factor) for a in node.args]
        elif node.op == "subtract":
            stack += [(node.args[0], factor), (node.args[1], -factor)]
        elif node.op == "negate":
            stack.append((node.args[0], -factor))
        elif node.op == "divide" and (number := _finite(node.args[1])):
            stack.append((node.args[0], factor / number))
        elif node.op == "multiply" and any(_finite(a) is not None for a in node.args):
            for a in node.args:
                factor *= 1 if (number := _finite(a)) is None else number
            stack.append((multiply(*(a for a in node.args if _finite(a) is None)), factor))
        else:
            number = _finite(node)
            term, factor = (node, factor) if number is None else (ONE, factor * number)
            terms[term] = terms.get(term, Fraction(0)) + factor
    return {term: factor for term, factor in terms.items() if factor}


def _finite(node: Expr) -> Fraction | None:
    number = node.number
    return Fraction(number) if number is not None and abs(number) < float("inf") else None

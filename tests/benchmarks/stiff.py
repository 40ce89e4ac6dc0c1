"""Stiff classics of the test set for IVP solvers, as Antimony.

Source: F. Mazzia, C. Magherini & F. Iavernaro, Test Set for Initial Value Problem Solvers, release 2.4 (2008), and
Hairer & Wanner, Solving ODEs II (2nd ed.), section IV.10.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Problem:
    """An initial value problem.

    Attributes:
        name: of the problem.
        text: Antimony; the states are what its rate rules are about.
        times: where the solution is wanted; the first is the start.
        atol: absolute tolerance, as a fraction of the relative one: the smallest scale that matters.
    """

    name: str
    text: str
    times: tuple[float, ...]
    atol: float


def _rates(values: dict[str, float], constants: dict[str, float], rates: dict[str, str]) -> str:
    lines = [f"{name} = {value!r}" for name, value in {**constants, **values}.items()]
    return "\n".join([*lines, *(f"{name}' = {rate}" for name, rate in rates.items())])


PROBLEMS: Final = (
    Problem(
        "Robertson",
        _rates(
            {"a": 1.0, "b": 0.0, "c": 0.0},
            {"k1": 0.04, "k2": 3e7, "k3": 1e4},
            {
                "a": "-k1*a + k3*b*c",
                "b": "k1*a - k3*b*c - k2*b*b",
                "c": "k2*b*b",
            },
        ),
        (0.0, *(10.0**k for k in range(12))),
        1e-8,
    ),
    Problem(
        "HIRES",
        _rates(
            {"y1": 1.0, **{f"y{i}": 0.0 for i in range(2, 8)}, "y8": 0.0057},
            {},
            {
                "y1": "-1.71*y1 + 0.43*y2 + 8.32*y3 + 0.0007",
                "y2": "1.71*y1 - 8.75*y2",
                "y3": "-10.03*y3 + 0.43*y4 + 0.035*y5",
                "y4": "8.32*y2 + 1.71*y3 - 1.12*y4",
                "y5": "-1.745*y5 + 0.43*y6 + 0.43*y7",
                "y6": "-280*y6*y8 + 0.69*y4 + 1.71*y5 - 0.43*y6 + 0.69*y7",
                "y7": "280*y6*y8 - 1.81*y7",
                "y8": "-280*y6*y8 + 1.81*y7",
            },
        ),
        (0.0, 1.0, 10.0, 100.0, 200.0, 321.8122),
        1e-4,
    ),
    Problem(
        "Oregonator",
        _rates(
            {"x": 1.0, "y": 2.0, "z": 3.0},
            {"s": 77.27, "w": 0.161, "q": 8.375e-6},
            {"x": "s*(y + x*(1 - q*x - y))", "y": "(z - (1 + x)*y)/s", "z": "w*(x - z)"},
        ),
        (0.0, 30.0, 60.0, 90.0, 120.0, 150.0, 180.0, 210.0, 240.0, 270.0, 300.0, 330.0, 360.0),
        1e-4,
    ),
    Problem(
        "van der Pol, μ = 10⁶",
        _rates({"x": 2.0, "v": -0.66}, {"mu": 1e6}, {"x": "v", "v": "mu*((1 - x*x)*v - x)"}),
        (0.0, 0.5, 1.0, 1.5, 2.0),
        1.0,
    ),
    Problem(
        "E5",
        _rates(
            {"y1": 1.76e-3, "y2": 0.0, "y3": 0.0, "y4": 0.0},
            {"A": 7.89e-10, "B": 1.1e7, "C": 1.13e3, "M": 1e6},
            {
                "y1": "-A*y1 - B*y1*y3",
                "y2": "A*y1 - M*C*y2*y3",
                "y3": "A*y1 - B*y1*y3 - M*C*y2*y3 + C*y4",
                "y4": "B*y1*y3 - C*y4",
            },
        ),
        (0.0, *(10.0**k for k in range(0, 14, 1))),
        1e-18,
    ),
)

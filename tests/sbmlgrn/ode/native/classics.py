"""Stiff problems with published solutions.

Source: Mazzia & Magherini, Test Set for Initial Value Problem Solvers, release 2.4 (University of Bari 2008).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).resolve().parents[3] / "data"


@dataclass(frozen=True)
class Classic:
    """A model ``tests/data/<name>.xml``, where it ends, and what it is there.

    Attributes:
        name: of the file.
        title: for people.
        times: at which solvers are compared; the first is the start, the last that of the reference.
        reference: values by symbol at the end.
        floor: of the absolute tolerance: the size of the smallest value that matters.
    """

    name: str
    title: str
    times: tuple[float, ...]
    reference: Mapping[str, float]
    floor: float

    @property
    def path(self) -> Path:
        """The SBML document."""
        return DATA / f"{self.name}.xml"


def _numbered(*values: float) -> dict[str, float]:
    return {f"y{i}": value for i, value in enumerate(values, 1)}


_DECADES = (0.0, *(10.0**k for k in range(14)))

CLASSICS = (
    Classic(
        "robertson",
        "Robertson",
        _DECADES[:13],
        {"A": 0.2083340149701255e-7, "B": 0.8333360770334713e-13, "C": 0.9999999791665050},
        1e-13,
    ),
    Classic(
        "hires",
        "HIRES",
        (0.0, 1.0, 10.0, 100.0, 200.0, 321.8122),
        _numbered(
            *(0.7371312573325668e-3, 0.1442485726316185e-3, 0.5888729740967575e-4, 0.1175651343283149e-2),
            *(0.2386356198831331e-2, 0.6238968252742796e-2, 0.2849998395185769e-2, 0.2850001604814231e-2),
        ),
        1e-4,
    ),
    Classic(
        "orego",
        "Oregonator",
        tuple(30.0 * k for k in range(13)),
        _numbered(0.1000814870318523e1, 0.1228178521549917e4, 0.1320554942846706e3),
        1.0,
    ),
    Classic(
        "van_der_pol",
        "van der Pol, μ = 10⁶",
        (0.0, 0.5, 1.0, 1.5, 2.0),
        _numbered(0.1706167732170483e1, -0.8928097010247975e0),
        1.0,
    ),
    Classic(
        "pollu",
        "POLLU",
        (0.0, 0.01, 0.1, 1.0, 10.0, 60.0),
        _numbered(
            *(0.5646255480022769e-1, 0.1342484130422339e0, 0.4139734331099427e-8, 0.5523140207484359e-2),
            *(0.2018977262302196e-6, 0.1464541863493966e-6, 0.7784249118997964e-1, 0.3245075353396018e0),
            *(0.7494013383880406e-2, 0.1622293157301561e-7, 0.1135863833257075e-7, 0.2230505975721359e-2),
            *(0.2087162882798630e-3, 0.1396921016840158e-4, 0.8964884856898295e-2, 0.4352846369330103e-17),
            *(0.6899219696263405e-2, 0.1007803037365946e-3, 0.1772146513969984e-5, 0.5682943292316392e-4),
        ),
        1e-8,
    ),
    Classic("e5", "E5", _DECADES, _numbered(0.0, 0.8867655517642120e-22, 0.8854814626268838e-22, 0.0), 1e-22),
)

"""What a frequency design returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from sbmlgrn.fit import Progress
from sbmlgrn.network import Network


@dataclass(frozen=True, eq=False)
class TimeCourse:
    """Simulated values.

    Attributes:
        t: times [time], in the model's unit of time.
        columns: values [time] by id of the species or other state, as the model's mathematics reads it (an amount where
            ``hasOnlySubstanceUnits`` is true, else a concentration).
    """

    t: NDArray[Any]
    columns: dict[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Power spectra of the species before and after, over the same window, without the transient.

    Attributes:
        frequency: [frequency] in cycles per unit of time.
        before: power [frequency], in the square of the species' unit; a sinusoid of amplitude A peaks at A².
        after: the same with the new values.
    """

    frequency: NDArray[Any]
    before: NDArray[Any]
    after: NDArray[Any]


@dataclass(frozen=True, eq=False)
class FrequencyDesign:
    """A network retuned.

    Attributes:
        network: the network with the new values; written as SBML, its source document is edited in place.
        reached: whether `period_found` deviates from `period_asked` by the tolerance or less.
        message: how it went; if the period was not reached, the nearest one found and the bounds that stand in the way.
        period_asked, period_before, period_found: in the model's unit of time. The last two are measured on long
            runs from the model's own initial values at tight tolerances.
        values_before, values_after: the free parameters by id.
        history: the progress reports.
        before, after: time courses of all species and other states, on the same grid.
        spectrum: power spectra of the species before and after.
        provenance: seed, solver, tolerances, versions and the SHA-256 of the model that was given.
    """

    network: Network
    reached: bool
    message: str
    period_asked: float
    period_before: float
    period_found: float
    values_before: dict[str, float]
    values_after: dict[str, float]
    history: tuple[Progress, ...]
    before: TimeCourse
    after: TimeCourse
    spectrum: Spectrum
    provenance: dict[str, str]

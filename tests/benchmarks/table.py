"""What a measurement says: rows of times and errors, ours beside a peer's, and how to read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Row:
    """One thing done by us and by a peer, at the same tolerances and for the same outputs.

    Attributes:
        what: what was done.
        peer: who else did it; empty if nobody did.
        ours, theirs: seconds; ``None`` if not measured, and `note` says why.
        our_error, their_error: error of the result, of the kind that the table's conditions name.
        note: what the numbers do not say, such as why one is missing.
    """

    what: str
    peer: str = ""
    ours: float | None = None
    theirs: float | None = None
    our_error: float | None = None
    their_error: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times as long the peer takes."""
        return self.theirs / self.ours if self.ours and self.theirs else None


@dataclass(frozen=True)
class Table:
    """Rows that belong together.

    Attributes:
        key: name of the table's file and its place in the page.
        title: heading.
        conditions: tolerances, outputs, references, threads: what makes the rows comparable; one sentence each.
        rows: the numbers.
        reading: what they mean, in plain words.
        pictures: file in ``docs/images`` and its description.
    """

    key: str
    title: str
    conditions: tuple[str, ...]
    rows: tuple[Row, ...]
    reading: str
    pictures: tuple[tuple[str, str], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As values of JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Table:
        """From what `to_json` returned."""
        return cls(
            **{
                **values,
                "conditions": tuple(values["conditions"]),
                "rows": tuple(Row(**row) for row in values["rows"]),
                "pictures": tuple((file, text) for file, text in values["pictures"]),
            }
        )


def compared(rows: Sequence[Row]) -> str:
    """A sentence that tells how long each peer takes, in the median over its rows."""
    ratios: dict[str, list[float]] = {}
    for row in rows:
        if row.ratio is not None:
            ratios.setdefault(row.peer, []).append(row.ratio)
    if not ratios:
        return "No peer was there to compare with."
    many = any(len(values) > 1 for values in ratios.values())
    told = [f"{peer} {median(values):.2g}×" for peer, values in ratios.items()]
    return f"Times in units of ours: {', '.join(told)}{' (medians)' if many else ''}."

"""Cases of the suite as they lie on the disk: a folder ``00001`` with settings, documents and expected results."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from sbmlgrn.suite.results import Results, SuiteError, read_results

VERSION: Final = "3.4"
"""Of the suite whose files and rule these are."""

_DOCUMENT: Final = re.compile(r"-sbml-l(\d)v(\d)\.xml$")
_INTERVAL: Final = re.compile(r"\(\s*(-?[\d.]+)\s*,\s*(-?[\d.]+)\s*\)")
_FIELD: Final = re.compile(r"^\s*(synopsis|componentTags|testTags|testType)\s*:[ \t]*(.*)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a case asks for, and how exactly.

    Attributes:
        start: first time that is reported; models start at 0 whatever it is.
        duration: from the first time to the last.
        steps: steps of the grid; 0 where the case is no time course.
        variables: what to report, in this order.
        absolute, relative: tolerances of the rule of acceptance.
        amount: the species to report as amounts.
        concentration: the species to report as concentrations. Whatever is in neither is reported as the value of its
            symbol.
        output: of a stochastic case, what to report over all runs, such as ``X-mean``, ``X-sd`` and ``ln(X)-mean``;
            else empty.
        mean_range, sd_range: between which numbers the statistics of means and of standard deviations have to be.
    """

    start: float = 0.0
    duration: float = 0.0
    steps: int = 0
    variables: tuple[str, ...]
    absolute: float
    relative: float
    amount: frozenset[str] = frozenset()
    concentration: frozenset[str] = frozenset()
    output: tuple[str, ...] = ()
    mean_range: tuple[float, float] = (-3.0, 3.0)
    sd_range: tuple[float, float] = (-5.0, 5.0)

    def times(self) -> np.ndarray:
        """The grid ``[steps + 1]``, in the model's unit of time."""
        return np.linspace(self.start, self.start + self.duration, self.steps + 1)


@dataclass(frozen=True, kw_only=True)
class Description:
    """What the suite says of a case; all of it empty where the file ``-model.m`` is missing."""

    synopsis: str = ""
    component_tags: tuple[str, ...] = ()
    test_tags: tuple[str, ...] = ()
    test_type: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """One case.

    Attributes:
        id: its five digits.
        description: synopsis and tags.
        settings: what it asks for.
        documents: the same model in every Level and Version that it comes in, as ``"3.2"`` → path, the newest first.
        expected: the right results; ``None`` where the suite was handed out without them.
    """

    id: str
    description: Description
    settings: Settings
    documents: Mapping[str, Path]
    expected: Results | None

    @property
    def is_flux_balance(self) -> bool:
        """Whether it asks for the fluxes of a steady state and not for a time course."""
        return self.description.test_type.startswith("FluxBalance") or not self.settings.steps

    def document(self, level_version: str) -> Path:
        """The document of a Level and Version such as ``"3.2"``, or of the ``"newest"``.

        Raises:
            SuiteError: there is none.
        """
        if not self.documents:
            raise SuiteError(f"case {self.id} has no document such as {self.id}-sbml-l3v2.xml")
        if level_version == "newest":
            return next(iter(self.documents.values()))
        if level_version not in self.documents:
            level, version = level_version.split(".")
            raise SuiteError(
                f"case {self.id} has no document of Level {level} Version {version}; it has {', '.join(self.documents)}"
            )
        return self.documents[level_version]


def list_cases(directory: Path) -> tuple[str, ...]:
    """The cases in a folder of cases, ascending.

    Raises:
        SuiteError: it holds none.
        OSError: it cannot be read.
    """
    cases = sorted(entry.name for entry in directory.iterdir() if entry.name.isdigit() and entry.is_dir())
    if not cases:
        inside = [name for name in ("semantic", "stochastic", "cases") if (directory / name).is_dir()]
        hint = f"; did you mean {directory / inside[0]}?" if inside else ""
        raise SuiteError(f"{directory}: no cases here; expected folders with names such as 00001{hint}")
    return tuple(cases)


def load_case(directory: Path | str, case: str | int) -> Case:
    """Reads a case, but not its documents.

    Args:
        directory: the folder of cases.
        case: the number of the case.

    Raises:
        SuiteError: there is no such case, or one of its files is not as it should be.
    """
    name = str(case).zfill(5)
    folder = Path(directory) / name
    if not folder.is_dir():
        raise SuiteError(f"{directory}: no case {name}: expected a folder of this name")
    results = folder / f"{name}-results.csv"
    return Case(
        id=name,
        description=read_description(folder),
        settings=read_settings(folder / f"{name}-settings.txt"),
        documents=find_documents(folder),
        expected=read_results(results) if results.exists() else None,
    )


def find_documents(folder: Path) -> dict[str, Path]:
    """The SBML documents of a case by Level and Version, the newest first."""
    found = {match.groups(): path for path in folder.glob("*.xml") if (match := _DOCUMENT.search(path.name))}
    return {".".join(key): found[key] for key in sorted(found, reverse=True)}


def read_description(folder: Path) -> Description:
    """Reads what the suite says of a case."""
    path = folder / f"{folder.name}-model.m"
    if not path.exists():
        return Description()
    fields = {}
    for key, value in _FIELD.findall(path.read_text(errors="replace")):
        fields.setdefault(key, value.strip())
    return Description(
        synopsis=fields.get("synopsis", ""),
        component_tags=_names(fields.get("componentTags", "")),
        test_tags=_names(fields.get("testTags", "")),
        test_type=fields.get("testType", ""),
    )


def read_settings(path: Path) -> Settings:
    """Reads the settings of a case.

    Raises:
        SuiteError: the file is missing, or an entry of it is missing or no number.
    """
    if not path.exists():
        raise SuiteError(f"{path}: the file is missing; it tells what to simulate")
    lines = (line.partition(":") for line in path.read_text(errors="replace").splitlines())
    entries = {key.strip(): value.strip() for key, _, value in lines}
    variables = _names(entries.get("variables", ""))
    if not variables:
        raise SuiteError(f"{path}: no variables; expected a line such as 'variables: S1, S2'")

    def number(key: str, default: str = "") -> float:
        text = entries.get(key) or default
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and value >= 0):
            raise SuiteError(f"{path}: {key} is {text!r}, expected a number that is not negative")
        return value

    def interval(key: str, default: tuple[float, float]) -> tuple[float, float]:
        text = entries.get(key)
        if not text:
            return default
        match = _INTERVAL.fullmatch(text)
        if match is None or not float(match[1]) < 0 < float(match[2]):
            raise SuiteError(f"{path}: {key} is {text!r}, expected a range around 0 such as (-3, 3)")
        return float(match[1]), float(match[2])

    output = _names(entries.get("output", ""))
    tolerance = "0" if output else ""  # stochastic cases have ranges instead
    steps, duration = number("steps", "0"), number("duration", "0")
    if not steps.is_integer() or bool(steps) != bool(duration):
        raise SuiteError(
            f"{path}: {steps:g} steps over a duration of {duration:g}, expected a whole number and both > 0"
        )
    return Settings(
        start=number("start", "0"),
        duration=duration,
        steps=int(steps),
        variables=variables,
        absolute=number("absolute", tolerance),
        relative=number("relative", tolerance),
        amount=frozenset(_names(entries.get("amount", ""))),
        concentration=frozenset(_names(entries.get("concentration", ""))),
        output=output,
        mean_range=interval("meanRange", Settings.mean_range),
        sd_range=interval("sdRange", Settings.sd_range),
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for part in text.split(",") if (name := part.strip()))

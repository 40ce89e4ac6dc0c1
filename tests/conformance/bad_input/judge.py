"""What becomes of a mutant: read, compiled, simulated, saved and read again, within limits of time and memory."""

from __future__ import annotations

import math
import resource
import tempfile
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from sbmlgrn.network import AlgebraicRule, Network, diff
from sbmlgrn.sbml import Issue, NotInPlaceError, Severity, read, validate
from sbmlgrn.sbml import write as written

from .mutant import Mutant

MEMORY = 8 * 2**30
GRID = np.linspace(0.0, 1.0, 5)
RTOL, ATOL = 1e-8, 1e-12
AGREEMENT = 1e-5


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant.

    Attributes:
        verdict: ``issue`` where an issue says why there is no result; ``result``; ``status`` where a trajectory ended
            early and says why; ``failure`` where something is wrong with us.
        detail: the first error, the status, or what is wrong.
        issues: all that was said about the document.
        document: as it was simulated, if it was.
        values: of species and states on `GRID`, by symbol.
        seconds: of the processor.
    """

    verdict: str
    detail: str = ""
    issues: tuple[Issue, ...] = ()
    document: str = ""
    values: Mapping[str, np.ndarray] = field(default_factory=dict)
    seconds: float = 0.0


def warm_up() -> None:
    """Imports what takes long, and limits the memory."""
    import torch

    import sbmlgrn.api
    import sbmlgrn.ode  # noqa: F401

    torch.set_num_threads(1)
    judge(Mutant("warm", "S -> ; k*S; S = 1; k = 2", file="model.ant"))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def judge(mutant: Mutant) -> Outcome:
    """Does everything with a mutant that a user would."""
    began = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        write(mutant, Path(folder))
        try:
            outcome = _outcome(mutant, Path(folder, mutant.file))
        except BaseException as error:
            place = traceback.extract_tb(error.__traceback__)[-3:]
            told = " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(place))
            outcome = Outcome("failure", f"{type(error).__name__}: {str(error)[:300]} ({told})")
    seconds = time.process_time() - began
    if seconds > mutant.seconds:
        outcome = Outcome("failure", f"took {seconds:.1f} s; {outcome.verdict}: {outcome.detail[:200]}")
    return replace(outcome, seconds=seconds)


def write(mutant: Mutant, folder: Path) -> None:
    """Writes a mutant's files into a folder; where others lie within its own name, that is a folder."""
    for name, content in {mutant.file: mutant.document, **mutant.files}.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        if not any(other.startswith(f"{name}/") for other in mutant.files):
            path.write_bytes(content.encode() if isinstance(content, str) else content)


def _outcome(mutant: Mutant, path: Path) -> Outcome:
    import torch

    import sbmlgrn as sg
    from sbmlgrn.examine import not_computable
    from sbmlgrn.lower import LoweringError

    network, issues = read(path).network, validate(path)
    errors = [i for i in issues if i.severity is Severity.ERROR]
    if (network is None) != bool(errors):
        return Outcome("failure", f"read gives {'no' if network is None else 'a'} network, validate: {errors}", issues)
    for issue in issues:
        if not _is_clear(issue):
            return Outcome("failure", f"unclear: {issue}"[:300], issues)
    if network is None:
        return _refused(mutant, errors, issues)
    try:
        model = sg.compile(network)
    except LoweringError as error:
        said = not_computable(error)
        return _refused(mutant, [said], (*issues, said))
    if mutant.refused is not None:
        return Outcome("failure", "should have been refused", issues)
    if mutant.noticed and not _tells(mutant, issues):
        return Outcome("failure", "the mutation was not noticed", issues)
    with torch.no_grad():
        solution = sg.simulate(model, GRID, rtol=RTOL, atol=ATOL, max_steps=20_000)
    if wrong := _saved(network):
        return Outcome("failure", wrong, issues)
    if not solution.success and mutant.finals is None:
        return Outcome("status", solution.status[0].name, issues)
    return _result(mutant, network, solution, issues)


def _saved(network: Network) -> str | None:
    """What is wrong with the network after it was saved and read again; with one value that was changed, if small."""
    text = written(network)
    if text != network.source:
        return "it is not changed, but its document is when it is saved"
    names = [p.id for p in network.parameters if p.id not in {a.symbol for a in network.initial_assignments}]
    ruled = {r.variable for r in network.rules if not isinstance(r, AlgebraicRule)}
    name = next((n for n in names if n not in ruled), None)
    if name is None or len(text) > 500_000:
        return None
    try:
        again = read(written(network.with_values({name: 0.123})))
    except NotInPlaceError:  # it says why, and what to do
        return None
    if again.network is None:
        return f"with another value and saved, it cannot be read: {again.issues}"[:300]
    changes = diff(network, again.network)
    if [(c.element, c.attribute, c.after) for c in changes] != [(name, "value", 0.123)]:
        return f"with another value and saved, it differs in {changes}"[:300]
    return None


def _is_clear(issue: Issue) -> bool:
    """Whether an issue can be shown and understood: short, printable, and with something to do for an error."""
    text = issue.message + issue.hint
    short = len(text) <= 2_000 and len(issue.element_id or "") <= 200
    printable = all(c.isprintable() for c in text + (issue.element_id or ""))
    return bool(issue.code and issue.message) and short and printable and bool(issue.hint or issue.severity != "error")


def _refused(mutant: Mutant, errors: Sequence[Issue], issues: tuple[Issue, ...]) -> Outcome:
    detail = str(errors[0])
    if mutant.finals is not None:
        return Outcome("failure", f"should have been simulated: {detail}"[:400], issues)
    if mutant.refused is not None and not any(mutant.refused.lower() in str(e).lower() for e in errors):
        return Outcome("failure", f"{mutant.refused!r} is not mentioned: {detail}"[:400], issues)
    return Outcome("issue", detail, issues)


def _tells(mutant: Mutant, issues: Sequence[Issue]) -> bool:
    return any(f"{i.code}: {i.message}" not in mutant.original for i in issues)


def _result(mutant: Mutant, network: Network, solution, issues: tuple[Issue, ...]) -> Outcome:
    ruled = [r.variable for r in network.rules if not isinstance(r, AlgebraicRule)]
    names = [n for n in dict.fromkeys((*solution.default_ids(), *ruled)) if n in solution.model.observable_ids]
    frame = solution.to_dataframe([*names, *(n for n in mutant.finals or () if n not in names)])
    for name, expected in (mutant.finals or {}).items():
        found = float(frame[name].iloc[-1])
        same = found == expected or (math.isnan(found) and math.isnan(expected))
        if not same and not math.isclose(found, expected, rel_tol=AGREEMENT):
            return Outcome("failure", f"{name} is {found} at the end, expected {expected}", issues)
    values = {name: frame[name].to_numpy() for name in names}
    return Outcome("result", "", issues, network.flat_source or network.source or "", values)


def compare(outcome: Outcome) -> str:
    """How a result differs from libRoadRunner's: ``agrees``, ``none`` if that has none, else where and how."""
    import roadrunner

    from sbmlgrn.crosscheck import CrosscheckError, simulate_in_roadrunner

    roadrunner.Logger.setLevel(roadrunner.Logger.LOG_FATAL)
    try:
        theirs, _ = simulate_in_roadrunner(outcome.document, GRID, list(outcome.values), rtol=RTOL, atol=ATOL)
    except (CrosscheckError, RuntimeError):
        return "none"
    for name, ours in outcome.values.items():
        scale = np.nanmax(np.abs(theirs[name]), initial=0.0, where=np.isfinite(theirs[name]))
        if not np.allclose(
            ours, theirs[name], rtol=AGREEMENT, atol=AGREEMENT * 1e-3 * scale + 100 * ATOL, equal_nan=True
        ):
            return f"{name}: {ours} against {theirs[name]}"
    return "agrees"

"""The suite, case by case in parallel processes."""

from __future__ import annotations

import os
import re
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeAlias

from sbmlgrn.suite.acceptance import Verdict, accept
from sbmlgrn.suite.case import Case, SuiteError, find_documents, list_cases, load_case, read_description
from sbmlgrn.suite.pool import Lost, run_parallel
from sbmlgrn.suite.report import CaseResult, CaseStatus
from sbmlgrn.suite.results import Results, write_results
from sbmlgrn.suite.simulate import DeclinedError, run_case
from sbmlgrn.suite.stochastic import accept_moments, run_stochastic_case

Simulate: TypeAlias = Callable[[Case, Path | None], Results]

_RANGE: Final = re.compile(r"(\d+)(?:-(\d+))?")


@dataclass(frozen=True)
class _Task:
    directory: Path
    case: str
    level_version: str
    file: Path | None
    csv: Path | None
    simulate: Simulate
    runs: int | None

    def result(self, status: CaseStatus, reason: str = "", seconds: float = 0.0) -> CaseResult:
        return CaseResult(
            case=self.case,
            level_version=self.level_version,
            file=str(self.file or ""),
            status=status,
            reason=reason,
            seconds=seconds,
        )


def run_suite(
    directory: Path | str,
    *,
    cases: str | None = None,
    level_version: str = "newest",
    jobs: int = 1,
    timeout: float = 60.0,
    out: Path | str | None = None,
    simulate: Simulate = run_case,
    runs: int | None = None,
    on_result: Callable[[CaseResult, int], None] | None = None,
) -> tuple[CaseResult, ...]:
    """Runs the cases of a folder of cases. Whatever happens to a case is its result and leaves the others alone.

    The processes are spawned: a script that calls this needs ``if __name__ == "__main__":``.

    Args:
        directory: holds a folder such as ``00001`` for each case.
        cases: numbers and ranges such as ``"1-100,205"``; all cases if not given.
        level_version: run each case's ``"newest"`` document, ``"all"`` of them, or those of a Level and Version such as
            ``"3.2"``, which leaves out cases that do not come in it.
        jobs: processes at a time.
        timeout: seconds for one document.
        out: folder in which to write ``CASE.csv`` for each case that has results; with ``"all"``, a folder in it for
            each Level and Version, such as ``l3v2``. Made if missing.
        simulate: makes results of a case and its document; a function of a module.
        runs: trajectories of each case, where the cases are stochastic ones, which are simulated and judged by their
            own rule; a case with too many points out of range is run once more, with another seed, and judged by that.
        on_result: called with each result as soon as it is known, and the number of results to come in all.

    Returns:
        The results by case, the newest document of a case first.

    Raises:
        SuiteError: there are no cases, or not those that were asked for, or an argument is not as described.
        OSError: a folder cannot be read or written.
        PoolError: no process could be started.
    """
    if runs is not None and runs < 2:
        raise SuiteError(f"{runs} runs of each case; expected at least 2, which have a standard deviation")
    if jobs < 1 or not timeout > 0:
        raise SuiteError(f"{jobs} jobs with a timeout of {timeout:g} s: expected at least one, and more than 0 s")
    directory = Path(directory)
    names = select_cases(list_cases(directory), cases)
    tasks = list(_tasks(directory, names, level_version, None if out is None else Path(out), simulate, runs))
    if not tasks:
        level, version = level_version.split(".")
        raise SuiteError(f"{directory}: none of {len(names)} cases comes in Level {level} Version {version}")
    for folder in {task.csv.parent for task in tasks if task.csv}:
        folder.mkdir(parents=True, exist_ok=True)
    for task in tasks:
        if task.csv:
            task.csv.unlink(missing_ok=True)
    results: dict[int, CaseResult] = {}
    warm_up = _warm_up
    if runs is not None:
        _compile_loops()  # here, once: the processes find them in the cache
        warm_up = _warm_up_stochastic
    for i, outcome in run_parallel(_judge, tasks, jobs=jobs, timeout=timeout, warm_up=warm_up):
        task = tasks[i]
        if isinstance(outcome, Lost):
            status = CaseStatus.TIMEOUT if outcome.exit_code is None else CaseStatus.ERROR
            result = task.result(status, outcome.reason, outcome.seconds)
        else:
            result = outcome.result
        description = read_description(directory / task.case)
        results[i] = replace(result, tags=(*description.component_tags, *description.test_tags))
        if on_result is not None:
            on_result(results[i], len(tasks))
    return tuple(results[i] for i in range(len(tasks)))


def select_cases(available: Sequence[str], wanted: str | None) -> tuple[str, ...]:
    """Those of the `available` cases that `wanted` asks for: numbers and ranges such as ``"1-100,205"``.

    Raises:
        SuiteError: it is not of this form, or asks for what is not there. A range may have gaps.
    """
    if wanted is None:
        return tuple(available)
    numbers = {int(name): name for name in available}
    chosen: set[int] = set()
    for part in wanted.split(","):
        match = _RANGE.fullmatch(part.strip())
        if match is None:
            raise SuiteError(f"{part.strip()!r} is no case: expected numbers and ranges such as 1-100,205")
        first, last = int(match[1]), int(match[2] or match[1])
        found = {number for number in numbers if first <= number <= last}
        if not found:
            raise SuiteError(
                f"no case {part.strip()}; there are {len(available)} from {available[0]} to {available[-1]}"
            )
        chosen |= found
    return tuple(numbers[number] for number in sorted(chosen))


def _tasks(
    directory: Path,
    names: Sequence[str],
    level_version: str,
    out: Path | None,
    simulate: Simulate,
    runs: int | None,
) -> Iterator[_Task]:
    if level_version not in ("newest", "all") and not re.fullmatch(r"\d\.\d", level_version):
        raise SuiteError(f"{level_version!r} is no Level and Version: expected one such as 3.2, newest, or all")
    for name in names:
        documents = find_documents(directory / name)
        keys = list(documents)
        if level_version == "newest":
            keys = keys[:1] or [""]
        elif level_version != "all":
            keys = [level_version] if level_version in documents else []
        for key in keys:
            folder = out and (out / f"l{key.replace('.', 'v')}" if level_version == "all" else out)
            yield _Task(directory, name, key, documents.get(key), folder and folder / f"{name}.csv", simulate, runs)


def _warm_up() -> None:
    import torch

    import sbmlgrn as sg
    from sbmlgrn.expr import constant, relation, symbol
    from sbmlgrn.network import Event, EventAssignment, Network, Parameter, RateRule

    torch.set_num_threads(1)  # the processes share the cores
    warnings.simplefilter("ignore")
    # Solvers written in Fortran print to standard output, which belongs to whoever asked for the run.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    # Where the loops are not compiled yet, that takes longer than a case may.
    x = symbol("x")
    growth = Network(
        parameters=(Parameter(id="x", value=1.0, constant=False),), rules=(RateRule(variable="x", math=x),)
    )
    restart = EventAssignment(variable="x", math=constant(1))
    event = Event(trigger=relation("gt", x, constant(2)), assignments=(restart,))
    for network in (growth, growth.with_elements(event)):
        sg.simulate(sg.compile(network), [0.0, 1.0])


def _warm_up_stochastic() -> None:
    _warm_up()
    _compile_loops()


def _compile_loops() -> None:
    """Compiles the loops of jump processes: a minute where that was never done on this machine, else a second."""
    import sbmlgrn as sg

    jumps = "R1: X -> ; k*X; k = 1; X = 2"
    for text in (jumps, f"{jumps}; E1: at time > 0.5: X = 1"):
        sg.simulate_ssa(sg.compile(sg.load(text)), [0.0, 1.0], trajectories=1)


def _judge(task: _Task) -> CaseResult:
    """Runs one document. Whatever the library raises becomes the result."""
    began = time.monotonic()

    def result(status: CaseStatus, reason: str = "") -> CaseResult:
        return task.result(status, reason, time.monotonic() - began)

    try:
        case = load_case(task.directory, task.case)
        if task.runs is not None:
            found, verdict = _judge_runs(case, task.file, task.runs)
        else:
            found, verdict = task.simulate(case, task.file), None
            if case.expected is not None:
                verdict = accept(case.expected, found, case.settings.absolute, case.settings.relative)
        if task.csv is not None:
            write_results(found, task.csv)
        if verdict is None:
            return result(CaseStatus.ERROR, f"no file {task.case}-results.csv to compare with")
    except DeclinedError as declined:
        return result(CaseStatus.DECLINED, str(declined))
    except Exception as error:
        return result(CaseStatus.ERROR, _describe(error))
    status = CaseStatus.PASS if verdict.accepted else CaseStatus.WRONG
    return replace(result(status, verdict.reason), worst=verdict.worst)


def _judge_runs(case: Case, document: Path | None, runs: int) -> tuple[Results, Verdict | None]:
    """A stochastic case; with another seed where the first one's points are too often out of range."""
    first = run_stochastic_case(case, document, runs, seed=0)
    if case.expected is None:
        return first.results, None
    verdict = accept_moments(case, first)
    if verdict.accepted:
        return first.results, verdict
    second = run_stochastic_case(case, document, runs, seed=1)
    return second.results, accept_moments(case, second)


def _describe(error: Exception) -> str:
    from sbmlgrn.sbml import SBMLError

    if isinstance(error, SBMLError):
        first = error.issues[0]
        return f"{first.message} [{first.code}]"
    said = " ".join(str(error).split())
    return said if isinstance(error, ValueError) else f"{type(error).__name__}: {said}"

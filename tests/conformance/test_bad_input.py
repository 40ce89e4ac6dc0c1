"""Wrong, odd and hostile documents: a clear issue or a right result each time, in bounded time and memory."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sbmlgrn.client.v1 import issue_pb2
from sbmlgrn.suite.pool import Done, Lost, run_parallel
from sbmlgrn_server.config import ServerConfig
from sbmlgrn_server.reader import DocumentReader

from .bad_input.catalogue import all_mutants, made, sample
from .bad_input.judge import Outcome, compare, judge, warm_up, write
from .bad_input.mutant import Mutant

_TIMEOUT = 120.0
"""Seconds on the clock, after which a process hangs; what a document may take of the processor is far less."""


def judged(mutants: Sequence[Mutant]) -> list[tuple[Mutant, Outcome]]:
    """What becomes of each mutant; one that hangs or kills its process is a failure."""
    outcomes: dict[int, Outcome] = {}
    for i, answer in run_parallel(judge, mutants, jobs=1, timeout=_TIMEOUT, warm_up=warm_up):
        outcomes[i] = answer.result if isinstance(answer, Done) else Outcome("failure", answer.reason)
    return [(mutant, outcomes[i]) for i, mutant in enumerate(mutants)]


def failures(judgements: Sequence[tuple[Mutant, Outcome]]) -> list[str]:
    return [f"{mutant.label}: {outcome.detail}" for mutant, outcome in judgements if outcome.verdict == "failure"]


def test_sample() -> None:
    judgements = judged(sample())
    assert len(judgements) >= 100
    assert not failures(judgements), "\n".join(failures(judgements))


def test_the_command_refuses_with_code_2_and_one_panel(tmp_path: Path) -> None:
    from sbmlgrn.cli import app

    runner = CliRunner(env={"COLUMNS": "200", "TERM": "dumb"})
    for mutant in refused():
        write(mutant, tmp_path)
        path = str(tmp_path / mutant.file)
        assert runner.invoke(app, ["validate", path]).exit_code == 2
        for arguments in (["simulate", path, "--end", "1"], ["convert", path, str(tmp_path / "out.ant")]):
            result = runner.invoke(app, arguments)
            assert result.exit_code == 2, (mutant.label, result.exception)
            assert result.stdout == "" and result.stderr.count("─ Error ─") == 1
        assert not (tmp_path / "out.ant").exists()


async def test_the_server_refuses_with_issues(tmp_path: Path) -> None:
    reader = DocumentReader(ServerConfig(data_dir=tmp_path), tmp_path)
    for mutant in refused()[:3]:
        document = mutant.document
        reading = await reader.read(document.encode() if isinstance(document, str) else document)
        assert reading.model is None
        assert all(i.code and i.message and i.hint for i in reading.issues if i.severity == issue_pb2.SEVERITY_ERROR)


def refused() -> list[Mutant]:
    """A few mutants that have to be refused, each for another reason."""
    kinds = (
        "recursive_functions",
        "odd_numbers",
        "contradictory_rules",
        "deep_formulas",
        "entities",
        "composed_models",
    )
    every = made()
    return [next(m for m in every if m.kind == kind and m.refused is not None) for kind in kinds]


@pytest.mark.conformance
def test_all() -> None:
    judgements = judged(all_mutants())
    assert len(judgements) >= 500
    print(table(judgements))
    assert not failures(judgements), "\n".join(failures(judgements))
    differing, agreeing = compared(judgements)
    print(f"{agreeing} of the results were compared with libRoadRunner's, and agree")
    assert not differing, "\n".join(differing)
    assert agreeing >= 100


def compared(judgements: Sequence[tuple[Mutant, Outcome]]) -> tuple[list[str], int]:
    """Results that differ from libRoadRunner's, and how many agree; it hangs and dies of some itself."""
    results = [(m, o) for m, o in judgements if o.verdict == "result" and o.values and m.finals is None]
    verdicts = Counter[str]()
    differing = []
    for i, answer in run_parallel(compare, [o for _, o in results], jobs=1, timeout=_TIMEOUT):
        verdict = "lost" if isinstance(answer, Lost) else answer.result
        verdicts[verdict] += 1
        if verdict not in ("agrees", "none", "lost"):
            differing.append(f"{results[i][0].label}: {verdict}")
    return differing, verdicts["agrees"]


def table(judgements: Sequence[tuple[Mutant, Outcome]]) -> str:
    """Verdicts by kind of mutation."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for mutant, outcome in judgements:
        counts[mutant.kind][outcome.verdict] += 1
    columns = ("issue", "result", "status", "failure")
    lines = [f"{'':28}" + "".join(f"{c:>9}" for c in columns)]
    lines += [f"{kind:28}" + "".join(f"{count[c]:9}" for c in columns) for kind, count in counts.items()]
    return "\n".join(lines)

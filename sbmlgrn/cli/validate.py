"""`sbmlgrn validate`: every finding about a document."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict

import typer

from sbmlgrn.cli.errors import SEVERITIES, ExitCode, issue_table
from sbmlgrn.cli.options import JsonOption, ModelArgument
from sbmlgrn.cli.output import out, print_json


def validate(model: ModelArgument, as_json: JsonOption = False) -> None:
    """Check a model: well-formed, consistent, computable, and free of what this version cannot simulate.

    Exit code 0 if there are no errors, 2 if there are. Warnings do not count.

    Example: [cyan]sbmlgrn validate models/elowitz2000.xml[/cyan]
    """
    from sbmlgrn.examine import examine

    network, issues = examine(model)
    counts = Counter(issue.severity.value for issue in issues)
    valid = network is not None
    sizes = {}
    if network is not None:
        sizes = {
            kind: len(getattr(network, kind))
            for kind in ("compartments", "species", "parameters", "reactions", "rules")
        }
    if as_json:
        document = None if network is None else {"id": network.id, "level": network.level, "version": network.version}
        print_json(
            {
                "file": str(model),
                "valid": valid,
                "model": document and document | sizes,
                "issues": [asdict(issue) for issue in issues],
            }
        )
    else:
        console = out()
        if issues:
            console.print(issue_table(issues))
        verdict = "[green]valid[/]" if valid else "[red]not valid[/]"
        told = [f"{counts[s]} {s}{'s' if counts[s] != 1 and s != 'info' else ''}" for s in SEVERITIES if counts[s]]
        if network is not None:
            told.insert(0, f"SBML L{network.level}V{network.version}")
            told += [f"{n} {kind if n > 1 or kind == 'species' else kind[:-1]}" for kind, n in sizes.items() if n]
        console.print(f"{model}: {verdict}" + (f" ({', '.join(told)})" if told else ""))
    raise typer.Exit(ExitCode.OK if valid else ExitCode.BAD_INPUT)

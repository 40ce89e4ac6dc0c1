"""`sbmlgrn convert`: between SBML and Antimony, and between Levels and Versions of SBML."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

import typer

from sbmlgrn.cli.errors import ExitCode, issue_table
from sbmlgrn.cli.options import JsonOption, ModelArgument
from sbmlgrn.cli.output import out, print_json

_FORMATS: Final = {".xml": "SBML", ".sbml": "SBML", ".ant": "Antimony", ".antimony": "Antimony", ".txt": "Antimony"}


def convert(
    model: ModelArgument,
    output: Annotated[
        Path,
        typer.Argument(
            help="File to write: .xml or .sbml for SBML; .ant, .antimony or .txt for Antimony.", show_default=False
        ),
    ],
    level_version: Annotated[
        str | None,
        typer.Option(
            "--level-version",
            metavar="L.V",
            help="Level and Version of the SBML to write, such as 2.4. Without, SBML keeps what it has.",
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Convert a model between SBML and Antimony, or to another Level and Version; OUTPUT's name tells the format.

    SBML that stays in its Level and Version keeps the whole document. Whatever another format does not hold is listed,
    a warning for each loss that no simulation notices. Where the model would mean something else, nothing is written.

    Example: [cyan]sbmlgrn convert models/elowitz2000.xml repressilator.xml --level-version 2.4[/cyan]
    """
    from sbmlgrn.sbml import SBMLError, read, to_antimony, write
    from sbmlgrn.sbml import convert as to_level_version

    form = _FORMATS.get(output.suffix.lower())
    if form is None:
        known = ", ".join(_FORMATS)
        raise typer.BadParameter(
            f"{output.name!r}: the name tells the format and must end in one of {known}", param_hint="OUTPUT"
        )
    target = _level_version(level_version, form)
    result = read(model)
    network, issues = result.network, [i for i in result.issues if i.code.startswith("antimony-")]
    if network is None:
        raise SBMLError(result.issues)
    text = None
    try:
        if form == "Antimony":
            conversion = to_antimony(network)
        elif target is not None:
            conversion = to_level_version(network, *target)
        else:
            conversion = None
        text = write(network) if conversion is None else conversion.text
        issues += () if conversion is None else conversion.issues
        network = network if conversion is None else conversion.network
    except SBMLError as refused:
        issues += refused.issues
    if text is not None:
        output.write_bytes(text.encode())
        form = form if form == "Antimony" else f"SBML L{network.level}V{network.version}"
    if as_json:
        print_json(
            {
                "file": str(model),
                "output": None if text is None else str(output),
                "format": form,
                "bytes": None if text is None else len(text.encode()),
                "issues": [asdict(issue) for issue in issues],
            }
        )
    else:
        if issues:
            out().print(issue_table(issues))
        out().print(f"wrote {output} ({form})" if text is not None else "[red]not converted[/]: nothing was written")
    if text is None:
        raise typer.Exit(ExitCode.BAD_INPUT)


def _level_version(text: str | None, form: str) -> tuple[int, int] | None:
    if text is None:
        return None
    if form == "Antimony":
        raise typer.BadParameter("Antimony has no Levels and Versions: leave it out", param_hint="--level-version")
    level, _, version = text.partition(".")
    if not (level.isdecimal() and version.isdecimal()):
        raise typer.BadParameter(f"{text!r}: expected LEVEL.VERSION, such as 2.4", param_hint="--level-version")
    return int(level), int(version)

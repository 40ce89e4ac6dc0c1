"""`sbmlgrn convert`: between SBML and Antimony."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

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
    as_json: JsonOption = False,
) -> None:
    """Convert a model between SBML and Antimony; the format follows from the name of OUTPUT.

    SBML to SBML keeps the document, once it has been checked. Antimony has no place for notes and most annotations, so
    those are lost on the way there.

    Example: [cyan]sbmlgrn convert models/elowitz2000.xml repressilator.ant[/cyan]
    """
    from sbmlgrn.sbml import SBMLError, load, write
    from sbmlgrn.sbml.antimony import from_sbml
    from sbmlgrn.sbml.intake import RefusedError

    form = _FORMATS.get(output.suffix.lower())
    if form is None:
        known = ", ".join(_FORMATS)
        raise typer.BadParameter(
            f"{output.name!r}: the name tells the format and must end in one of {known}", param_hint="OUTPUT"
        )
    document = write(load(model))
    try:
        text = document if form == "SBML" else from_sbml(document)
    except RefusedError as refused:
        raise SBMLError([refused.issue]) from None
    output.write_text(text)
    if as_json:
        print_json({"file": str(model), "output": str(output), "format": form, "bytes": len(text.encode())})
    else:
        out().print(f"wrote {output} ({form})")

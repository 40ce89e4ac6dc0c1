"""Arguments and options that several commands share, and how their texts are read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

if TYPE_CHECKING:
    from sbmlgrn.fit import FreeParameter

ModelArgument = Annotated[Path, typer.Argument(metavar="MODEL", help="SBML or Antimony file.", show_default=False)]


def _writable(path: Path | None) -> Path | None:
    """Refuses a file that cannot be written before anything is computed for it."""
    if path is not None and not path.parent.is_dir():
        raise typer.BadParameter(f"the folder {str(path.parent)!r} does not exist: make it, or write elsewhere")
    return path


def _picture(path: Path | None) -> Path | None:
    if path is not None and path.suffix.lower() not in PICTURES:
        raise typer.BadParameter(f"{path.name!r} is no picture: expected a name that ends in {' or '.join(PICTURES)}")
    return _writable(path)


PICTURES: Final = (".png", ".svg", ".pdf")

FileOption = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE", help="Write the model as SBML.", show_default=False, callback=_writable),
]
CsvOption = Annotated[
    Path | None,
    typer.Option("--csv", metavar="FILE", help="Write the values as CSV.", show_default=False, callback=_writable),
]
PlotOption = Annotated[
    Path | None,
    typer.Option("--plot", metavar="FILE", help="Draw it (.png, .svg or .pdf).", show_default=False, callback=_picture),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=NUMBER",
        help="A value in place of the model's own. Repeat for more.",
        show_default=False,
    ),
]
SymbolOption = Annotated[
    list[str] | None,
    typer.Option(
        "--symbol",
        metavar="ID",
        help="Report only this symbol. Repeat for more. \\[default: all species]",
        show_default=False,
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print the result as JSON on standard output, and nothing else there.")
]


def values_by_name(texts: Iterable[str]) -> dict[str, float]:
    """The values of options NAME=NUMBER.

    Raises:
        typer.BadParameter: a text is not of this form, or a name comes twice.
    """
    values: dict[str, float] = {}
    for text in texts:
        name, separator, written = text.partition("=")
        if name in values:
            raise typer.BadParameter(f"{name!r} is set twice: set it once", param_hint="--set")
        try:
            values[name] = float(written if name and separator else "")
        except ValueError:
            raise typer.BadParameter(f"{text!r}: expected NAME=NUMBER, such as alpha=100", param_hint="--set") from None
    return values


def free_parameters(texts: Iterable[str], flag: str = "--free") -> tuple[FreeParameter, ...]:
    """The parameters of options ID:LOWER:UPPER or ID:LOWER:UPPER:linear.

    Raises:
        typer.BadParameter: a text is not of this form.
        BoundsError: the bounds make no sense.
    """
    from sbmlgrn.fit import FreeParameter

    parameters: list[FreeParameter] = []
    for text in texts:
        scale: Literal["log", "linear"] = "linear" if text.endswith(":linear") else "log"
        try:
            name, lower, upper = text.removesuffix(":linear").split(":")
            bounds = float(lower), float(upper)
        except ValueError:
            raise typer.BadParameter(
                f"{text!r}: expected ID:LOWER:UPPER or ID:LOWER:UPPER:linear, such as alpha:20:2000",
                param_hint=flag,
            ) from None
        parameters.append(FreeParameter(name, *bounds, scale))
    return tuple(parameters)

"""The program: its commands, and the options that stand before them."""

from __future__ import annotations

from typing import Annotated

import typer

import sbmlgrn
from sbmlgrn.cli.circuits import counter, gate, oscillator, pulse, stripe, switch
from sbmlgrn.cli.convert import convert
from sbmlgrn.cli.crosscheck import crosscheck
from sbmlgrn.cli.demo import demo
from sbmlgrn.cli.design import frequency
from sbmlgrn.cli.errors import Commands
from sbmlgrn.cli.fit import fit
from sbmlgrn.cli.serve import serve
from sbmlgrn.cli.simulate import simulate
from sbmlgrn.cli.ssa import ssa
from sbmlgrn.cli.study import circuits
from sbmlgrn.cli.suite import suite
from sbmlgrn.cli.tune import tune
from sbmlgrn.cli.validate import validate

app = typer.Typer(
    name="sbmlgrn",
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_design = typer.Typer(no_args_is_help=True, rich_markup_mode="rich")
_study = typer.Typer(no_args_is_help=True, rich_markup_mode="rich")


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"sbmlgrn {sbmlgrn.__version__}")
        raise typer.Exit


@app.callback()
def _program(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Fit and design SBML networks by gradient: SBML in, PyTorch in the middle, SBML out.

    Exit codes: 0 done; 1 a job failed, missed its aim, or simulators disagree; 2 bad input.
    """


@_design.callback()
def _design_group() -> None:
    """Change a model, or learn a gene circuit from nothing, until it does what is asked."""


@_study.callback()
def _study_group() -> None:
    """Repeat a study as a whole, with its figures."""


app.add_typer(_design, name="design")
app.add_typer(_study, name="study")
_study.command()(circuits)
for _command in (frequency, stripe, pulse, oscillator, switch, counter, gate):
    _design.command()(_command)
for _command in (validate, convert, simulate, ssa, fit, tune, crosscheck, suite, serve, demo):
    app.command()(_command)


def main() -> None:
    """Runs the program with the arguments of the process."""
    app()

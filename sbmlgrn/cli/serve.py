"""`sbmlgrn serve`: the gRPC server."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from sbmlgrn.cli.errors import ExitCode, show_error
from sbmlgrn.cli.output import print_json


def serve(
    data: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder of the database and the arrays. Made if missing.")
    ] = Path("sbmlgrn-data"),
    host: Annotated[str, typer.Option(help="Loopback address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="TCP port; 0 takes a free one.")] = 50051,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Jobs that compute at once. \\[default: one for each core]", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the address as JSON when ready.")] = False,
) -> None:
    """Serve models and jobs over gRPC until interrupted.

    Example: [cyan]sbmlgrn serve --data ~/sbmlgrn-data --port 50051[/cyan]
    """
    # The library does not import the server: it only starts it, and only if it is installed.
    if importlib.util.find_spec("sbmlgrn_server") is None:
        show_error("the package 'sbmlgrn_server' is not installed: install sbmlgrn with its server")
        raise typer.Exit(ExitCode.FAILED)
    command = [sys.executable, "-m", "sbmlgrn_server", "--data", str(data), "--host", host, "--port", str(port)]
    command += [] if workers is None else ["--max-workers", str(workers)]
    if not as_json:
        os.execv(sys.executable, command)
    with tempfile.TemporaryDirectory(prefix="sbmlgrn-") as scratch:
        raise typer.Exit(_announce([*command, "--stop-with-stdin"], Path(scratch) / "address"))


def _announce(command: list[str], address: Path) -> int:
    """Runs the server, which ends when this process does, and prints its address once `address` holds it."""
    command = [*command, "--port-file", str(address)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as server:
        while server.poll() is None and not address.exists():
            time.sleep(0.02)
        if address.exists():
            print_json({"address": address.read_text().strip(), "pid": server.pid})
            sys.stdout.flush()
        while True:
            # An interrupt from the terminal reaches the server as well, which then ends in order.
            with contextlib.suppress(KeyboardInterrupt):
                return server.wait()

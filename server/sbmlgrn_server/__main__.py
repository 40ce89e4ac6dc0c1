"""`sbmlgrn-server`, also `python -m sbmlgrn_server`: runs a server until SIGTERM or SIGINT."""

# Worker processes import this module to find their target; so it imports nothing heavy, least of all gRPC.
from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sbmlgrn_server.config import ServerConfig


def main(arguments: list[str] | None = None) -> int:
    """Runs a server. Returns 0 after a stop asked for, 2 if it could not start."""
    parser = _parser()
    options = parser.parse_args(arguments)
    logging.basicConfig(level=options.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    from sbmlgrn_server.config import ServerConfig

    try:
        config = ServerConfig(
            data_dir=options.data,
            host=options.host,
            port=options.port,
            **({} if options.max_workers is None else {"max_workers": options.max_workers}),
        )
        asyncio.run(_serve(config, options.port_file, options.stop_with_stdin))
    except (ValueError, RuntimeError, OSError) as error:
        print(f"sbmlgrn-server: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sbmlgrn-server", description="Serves sbmlgrn over gRPC on loopback.")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder of the database and the arrays")
    parser.add_argument("--host", default="127.0.0.1", help="loopback address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=50051, help="TCP port; 0 takes a free one (default: %(default)s)")
    parser.add_argument("--port-file", type=Path, metavar="FILE", help="write the address to FILE when ready")
    parser.add_argument("--max-workers", type=int, metavar="N", help="jobs that compute at once (default: all cores)")
    parser.add_argument("--log-level", default="warning", choices=("debug", "info", "warning", "error"))
    parser.add_argument("--stop-with-stdin", action="store_true", help="stop when standard input is closed")
    return parser


async def _serve(config: ServerConfig, port_file: Path | None, stop_with_stdin: bool) -> None:
    from sbmlgrn_server.app import Server

    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if stop_with_stdin:
        threading.Thread(target=_await_end_of_stdin, args=(loop, stop), daemon=True).start()
    server = await Server.start(config)
    if port_file is not None:
        partial = port_file.with_name(port_file.name + ".partial")
        partial.write_text(f"{server.address}\n")
        partial.replace(port_file)
    print(f"sbmlgrn-server listens on {server.address}", flush=True)
    await stop.wait()
    await server.stop()


def _await_end_of_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    loop.call_soon_threadsafe(stop.set)


if __name__ == "__main__":
    sys.exit(main())

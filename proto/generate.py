"""Generates the Python stubs of the gRPC contract into sbmlgrn/client/v1.

Run `python proto/generate.py` after a change to a .proto file, and `python proto/generate.py --check` to see whether
the stubs checked in are those of the contract (exit code 1 if not).
"""

from __future__ import annotations

import argparse
import importlib.resources
import re
import sys
import tempfile
from pathlib import Path

from grpc_tools import protoc

PROTO = Path(__file__).resolve().parent
TARGET = PROTO.parent / "sbmlgrn" / "client" / "v1"
INIT = '"""Generated stubs of the contract in proto/sbmlgrn/v1: `python proto/generate.py` makes them."""\n'


def generate(directory: Path) -> dict[str, str]:
    """Generates the stubs by way of `directory` and returns their text by file name."""
    sources = sorted(str(path.relative_to(PROTO)) for path in PROTO.glob("sbmlgrn/v1/*.proto"))
    well_known = importlib.resources.files("grpc_tools") / "_proto"
    outputs = [f"--{kind}_out={directory}" for kind in ("python", "pyi", "grpc_python")]
    if protoc.main(["protoc", f"-I{PROTO}", f"-I{well_known}", *outputs, *sources]) != 0:
        raise SystemExit("protoc failed; see its messages above.")
    # protoc derives import paths from the proto package, whereas the stubs live inside the client package.
    files = {
        path.name: re.sub(r"^from sbmlgrn\.v1 import", "from sbmlgrn.client.v1 import", path.read_text(), flags=re.M)
        for path in sorted((directory / "sbmlgrn" / "v1").iterdir())
        # A file without services has nothing for grpc.
        if not (path.name.endswith("_pb2_grpc.py") and not path.name.endswith("_service_pb2_grpc.py"))
    }
    return {"__init__.py": INIT, **files}


def main() -> int:
    """Writes the stubs, or compares them with `--check`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if the stubs are out of date")
    check: bool = parser.parse_args().check
    with tempfile.TemporaryDirectory() as directory:
        wanted = generate(Path(directory))
    present = {path.name: path.read_text() for path in TARGET.glob("*.py*")}
    if check:
        stale = sorted(name for name in wanted.keys() | present.keys() if wanted.get(name) != present.get(name))
        if stale:
            print(f"{TARGET}: out of date: {', '.join(stale)}. Run `make proto`.", file=sys.stderr)
        return 1 if stale else 0
    TARGET.mkdir(parents=True, exist_ok=True)
    for name in present.keys() - wanted.keys():
        (TARGET / name).unlink()
    for name, text in wanted.items():
        (TARGET / name).write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())

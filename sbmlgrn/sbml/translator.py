"""The program in which libAntimony runs: it reads requests and writes answers, a line of JSON each, and opens no file.

libAntimony opens whatever file a text imports, in more spellings than a pattern could know, and some texts end its
process. So the library is loaded first, and then the process gives up the right to open anything: no descriptor is free
any more, for whatever text. It imports nothing of sbmlgrn, so that it starts quickly.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from types import ModuleType
from typing import Any, Final

CPU_SECONDS: Final = 60
"""Time of the processor that a request may take."""

MEMORY_BYTES: Final = 4 * 2**30
"""Memory that the process may take, where the system keeps count of it."""

_DEFINED: Final = re.compile(r"<comp:modelDefinition\b[^>]*?\bid=\"([^\"]*)\"")


def main() -> None:
    """Answers requests until there are no more."""
    sys.path.append(sys.argv[1])
    import antimony

    os.chdir(os.sep)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that asks decides
    # What the library may print must not get between the answers.
    with os.fdopen(os.dup(1), "wb", buffering=0) as answers:
        os.dup2(2, 1)
        _answer(answers, {"confined": _confine()})
        for line in sys.stdin.buffer:
            _limit_time()
            request: dict[str, str] = json.loads(line)
            translate = _to_sbml if request["to"] == "sbml" else _to_antimony
            try:
                _answer(answers, translate(antimony, request["text"]))
            finally:
                antimony.clearPreviousLoads()


def _answer(answers: Any, answer: dict[str, Any]) -> None:
    left = memoryview(json.dumps(answer).encode() + b"\n")
    while left:
        left = left[answers.write(left) :]


def _confine() -> bool:
    """Lets this process open nothing from now on; whether the system can do that."""
    try:
        import resource
    except ImportError:
        return False
    _set(resource, resource.RLIMIT_CORE, 0)
    _set(resource, resource.RLIMIT_AS, MEMORY_BYTES)
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, free))  # descriptors are below it, and all of those are taken
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError:
        return True
    return False


def _limit_time() -> None:
    if "resource" in sys.modules:
        resource = sys.modules["resource"]
        used = resource.getrusage(resource.RUSAGE_SELF)
        _set(resource, resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + CPU_SECONDS)


def _set(resource: ModuleType, kind: int, limit: int) -> None:
    """Sets the lower limit, as far as the higher one allows."""
    hard = resource.getrlimit(kind)[1]
    resource.setrlimit(kind, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def _to_sbml(antimony: ModuleType, text: str) -> dict[str, Any]:
    if antimony.loadAntimonyString(text) < 0:
        return {"error": _last_error(antimony)}
    main = antimony.getMainModuleName() or ""
    names = [antimony.getNthModuleName(i) for i in range(antimony.getNumModules())]
    return {
        "text": antimony.getSBMLString(main) or "",
        "main": main,
        "modules": {name: antimony.getNumSymbolsOfType(name, 0) for name in names},  # symbols of all kinds
        "used": sorted(set(_DEFINED.findall(antimony.getCompSBMLString(main) or ""))),
    }


def _to_antimony(antimony: ModuleType, text: str) -> dict[str, Any]:
    if antimony.loadSBMLString(text) < 0:
        return {"error": _last_error(antimony)}
    return {"text": antimony.getAntimonyString(antimony.getMainModuleName()) or ""}


def _last_error(antimony: ModuleType) -> str:
    try:
        told = antimony.getLastError()
    except UnicodeDecodeError as error:  # libAntimony quotes a single byte of a character that it does not know
        told = error.object.decode(errors="replace")
    return " ".join((told or "no reason given").split())


if __name__ == "__main__":
    main()

"""Antimony text in and out, through libAntimony, which runs in a process that can open no file (`translator.py`).

One process serves all, one request at a time. It starts with the first, and again after a text that ended it.
"""

from __future__ import annotations

import atexit
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from sbmlgrn.sbml.digits import literals, restore
from sbmlgrn.sbml.intake import RefusedError, declared
from sbmlgrn.sbml.issue import Issue, Severity
from sbmlgrn.sbml.scan import MAX_OPERANDS, operations

_COMMENT: Final = re.compile(r'''""".*?"""|"[^"\n]*"|//[^\n]*|\#[^\n]*|/\*.*?\*/''', re.DOTALL)
"""Comments, and the texts within which there are none."""

_IMPORT: Final = re.compile(
    r"""^\s*(?P<first>import)\b|\b(?P<within>import)(?:\s|\\|/\*.*?\*/)*(?:"[^"\n]*"|```)""", re.DOTALL | re.MULTILINE
)
"""What may be an import, to tell the line; and to refuse it where the system cannot keep a process from opening any."""


def to_sbml(text: str) -> tuple[str, tuple[Issue, ...]]:
    """The SBML (L3V2) of the main module of Antimony `text`, as one flat model, and what of the text it does not hold.

    Raises:
        RefusedError: the text is not Antimony, it imports files, or libAntimony does not survive it.
    """
    if "\x00" in text:
        raise RefusedError(
            "not-sbml-or-antimony",
            "neither SBML nor Antimony: it holds a character NUL, at which libAntimony would stop reading",
            "Give an SBML document, or remove the character.",
            text.count("\n", 0, text.index("\x00")) + 1,
        )
    longest = max(map(operations, re.split(r"[;\n]", text)))
    if longest > MAX_OPERANDS:
        raise RefusedError(
            "formula-too-long",
            f"a statement has {longest:,} operations, at most {MAX_OPERANDS:,} are read",
            "Split the formula, e.g. with assignment rules.",
        )
    found = _IMPORT.search(text)
    answer = {"error": ""} if found and not _translator.confined() else _translator.ask("sbml", text)
    if "error" not in answer:
        return restore(answer["text"], literals(text)), tuple(_lost(text, answer))
    if found:
        raise RefusedError(
            "antimony-import",
            "the Antimony text imports another file; a model must not read files",
            "Paste the imported text into the model.",
            text.count("\n", 0, found.start(found.lastgroup or 0)) + 1,
        )
    raise RefusedError(
        "not-sbml-or-antimony",
        f"neither SBML (it does not start with '<') nor Antimony: {answer['error']}",
        "Give an SBML document, or correct the Antimony text.",
    )


def from_sbml(text: str) -> str:
    """Antimony text of an SBML document.

    Raises:
        RefusedError: libAntimony cannot express the document, or does not survive it.
    """
    answer = _translator.ask("antimony", declared(text))
    if "error" in answer:
        raise RefusedError(
            "no-antimony", f"libAntimony cannot express the document: {answer['error']}", "Keep it as SBML."
        )
    return answer["text"]


class _Translator:
    """The process that translates, seen from outside."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._confined = False

    def confined(self) -> bool:
        """Whether the process can open no file."""
        with self._lock:
            self._running()
            return self._confined

    def ask(self, to: str, text: str) -> dict[str, Any]:
        """The answer to a request; it has an ``error`` if the text cannot be translated.

        Raises:
            RefusedError: the process ended over it.
        """
        with self._lock:
            process = self._running()
            try:
                answer = _exchange(process, json.dumps({"to": to, "text": text}).encode() + b"\n")
            except BaseException:  # an answer that comes later must not be taken for that to another request
                self._stop()
                raise
            if answer is not None:
                return answer
            process.wait()
            reason = _ending(process.returncode)
            self._stop()
        raise RefusedError(
            "antimony-failed",
            f"libAntimony did not survive the text: {reason}",
            "Simplify the model, or give it as SBML that another tool wrote.",
        )

    def close(self) -> None:
        """Ends the process."""
        with self._lock:
            self._stop()

    def forget(self) -> None:
        """Leaves the process to the other side of a fork."""
        self._lock = threading.Lock()
        self._process = None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._stop()
            found = find_spec("antimony")
            assert found is not None and found.origin is not None, "pyproject.toml asks for it"
            program = Path(__file__).with_name("translator.py")
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(program), str(Path(found.origin).parents[1])],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            ready = _exchange(self._process, b"")
            if ready is None:
                self._stop()
                raise RuntimeError(f"the process of libAntimony does not start: {sys.executable} {program}")
            self._confined = ready["confined"]
        return self._process

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            with process:  # closes the pipes and waits
                process.kill()


def _exchange(process: subprocess.Popen[bytes], request: bytes) -> dict[str, Any] | None:
    """What a process answers to a request; ``None`` if it has ended."""
    assert process.stdin is not None and process.stdout is not None
    left = memoryview(request)
    try:
        while left:  # not through a buffer, of which a fork would be left with a part
            left = left[os.write(process.stdin.fileno(), left) :]
    except BrokenPipeError:
        return None
    line = process.stdout.readline()
    return json.loads(line) if line.endswith(b"\n") else None


def _ending(code: int) -> str:
    if code >= 0:
        return f"its process ended with exit code {code}; memory may have run out"
    name = signal.Signals(-code).name
    why = {
        "SIGXCPU": "; it took too long",
        "SIGABRT": "; memory may have run out",
        "SIGKILL": "; memory may have run out",
    }
    return f"its process was ended by {name}{why.get(name, '')}"


_translator: Final = _Translator()
atexit.register(_translator.close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_translator.forget)


def _lost(text: str, answer: Mapping[str, Any]) -> Iterator[Issue]:
    main, used = answer["main"], answer["used"]
    if used:
        yield Issue(
            severity=Severity.WARNING,
            code="antimony-flattened",
            message=f"the modules {', '.join(map(repr, used))} became part of one flat model",
            hint="Ids begin with the name of the module's instance.",
        )
    for name, symbols in answer["modules"].items():
        if symbols and name not in (main, *used):  # '__main' stands for what is outside of modules
            where = "what stands outside of modules" if name == "__main" else f"the module {name!r}"
            yield Issue(
                severity=Severity.WARNING,
                code="antimony-module",
                message=f"{where} is not part of the main module {main!r}, and is not read",
                hint="Mark the module that is meant with '*', as in 'model *name()'.",
                element_id=name,
            )
    comments = sum(1 for found in _COMMENT.finditer(text) if not found[0].startswith('"'))
    if comments:
        yield Issue(
            severity=Severity.INFO,
            code="antimony-comments",
            message=f"{comments} comment(s) of the Antimony text are not kept",
            hint="SBML has notes for them.",
        )

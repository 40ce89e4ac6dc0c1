"""Reading of uploaded documents, in processes of their own with limits on time and memory."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf import json_format

import sbmlgrn.sbml
from sbmlgrn.client.v1 import issue_pb2, model_pb2
from sbmlgrn_server.config import ServerConfig
from sbmlgrn_server.errors import ServiceError, invalid
from sbmlgrn_server.supervisor import WorkerProcess


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What came of a document.

    Attributes:
        model: the model without name and create_time; None if the document cannot be used.
        issues: what was found, the gravest first.
        issues_left_out: how many further issues there were.
    """

    model: model_pb2.Model | None
    issues: tuple[issue_pb2.Issue, ...]
    issues_left_out: int = 0

    def model_or_error(self) -> model_pb2.Model:
        """The model.

        Raises:
            ServiceError: INVALID_ARGUMENT with the issues; there is none.
        """
        if self.model is not None:
            return self.model
        errors = [issue for issue in self.issues if issue.severity == issue_pb2.SEVERITY_ERROR]
        shown = "\n".join(_describe(issue) for issue in errors[:5])
        more = len(errors) - 5 + self.issues_left_out
        raise invalid(f"{shown}\n… and {more} more" if more > 0 else shown, self.issues)


class DocumentReader:
    """Reads documents, a few at once."""

    def __init__(self, config: ServerConfig, directory: Path) -> None:
        """Prepares to work in `directory`."""
        self._config = config
        self._directory = directory
        self._slots = asyncio.Semaphore(config.max_readers)

    async def read(self, document: bytes) -> Reading:
        """Reads and checks an SBML document.

        Raises:
            ServiceError: the process that read it failed by no fault of the document.
        """
        if (refused := check_size(document)) is not None:
            return refused
        async with self._slots:
            directory = await asyncio.to_thread(self._prepare, document)
            try:
                return await self._run(directory)
            finally:
                await asyncio.to_thread(shutil.rmtree, directory, ignore_errors=True)

    def _prepare(self, document: bytes) -> Path:
        directory = Path(tempfile.mkdtemp(prefix="read-", dir=self._directory))
        (directory / "document.xml").write_bytes(document)
        task = {
            "kind": "read",
            "array_directory": str(directory),
            "cpu_seconds": self._config.reading_seconds,
            "memory_bytes": self._config.reading_memory_bytes,
        }
        (directory / "task.json").write_text(json.dumps(task))
        return directory

    async def _run(self, directory: Path) -> Reading:
        process = WorkerProcess(
            directory, time_limit=self._config.reading_seconds, grace=self._config.stop_grace_seconds
        )
        result: dict[str, Any] | None = None
        error: dict[str, Any] | None = None
        try:
            async for message in process.messages():
                result, error = message.get("result", result), message.get("error", error)
        finally:
            process.stop()
        if error is not None and error["reason"] != "OUT_OF_MEMORY":
            raise ServiceError.from_worker(error)
        if result is None:
            assert process.outcome is not None
            reason = process.outcome.describe() if error is None else "memory ran out"
            return _refused(
                "reading-failed",
                f"the document could not be read within {self._config.reading_seconds:g} s and "
                f"{self._config.reading_memory_bytes:,} bytes of memory: {reason}",
                "Check the document with another SBML tool, and simplify or split the model.",
            )
        model = result["model"]
        issues = [json_format.ParseDict(issue, issue_pb2.Issue()) for issue in result["issues"]]
        return Reading(
            model=None if model is None else json_format.ParseDict(model, model_pb2.Model()),
            issues=tuple(issues),
            issues_left_out=result["issues_left_out"],
        )


def check_size(document: bytes) -> Reading | None:
    """Refuses a document that is empty or too large; None for others."""
    if not document:
        return _refused("document-empty", "the document is empty", "Send the text of an SBML document.")
    limit = sbmlgrn.sbml.MAX_DOCUMENT_BYTES
    if len(document) > limit:
        return _refused(
            "document-too-large",
            f"the document has {len(document):,} bytes, at most {limit:,} are read",
            "Remove embedded data or split the model.",
        )
    return None


def _refused(code: str, message: str, hint: str) -> Reading:
    issue = issue_pb2.Issue(severity=issue_pb2.SEVERITY_ERROR, code=code, message=message, hint=hint)
    return Reading(model=None, issues=(issue,))


def _describe(issue: issue_pb2.Issue) -> str:
    where = (f"line {issue.line}, " if issue.line else "") + (f"{issue.element_id!r}: " if issue.element_id else "")
    return f"{where}{issue.message}. {issue.hint}".rstrip()

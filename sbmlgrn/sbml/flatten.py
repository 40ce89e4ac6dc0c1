"""Models composed of models (the ``comp`` package) as one flat model, through libSBML's converter.

Source: SBML Level 3 Package: Hierarchical Model Composition, Version 1 Release 3, section 3.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import libsbml

from sbmlgrn.sbml.bare import bare
from sbmlgrn.sbml.functions import check_functions
from sbmlgrn.sbml.intake import Document, RefusedError, take
from sbmlgrn.sbml.issue import Issue, Severity, shown

MAX_MODELS: Final = 1_000
"""Most models that one is composed of, each counted as often as it is used."""


class FlatteningError(Exception):
    """A composed model that has no flat form; the text says why."""


def is_composed(document: Any) -> bool:
    """Whether a libSBML document uses the ``comp`` package."""
    return document.getPlugin("comp") is not None


def locate(document: Any, folder: Path | None) -> list[Issue]:
    """Lets libSBML find external models in `folder`; before its consistency check, which opens them.

    Args:
        document: a parsed document.
        folder: where the document lies; ``None`` for text.

    Returns:
        What is to be said of the documents of external models; libSBML says nothing of how it read them.

    Raises:
        FlatteningError: an external model is missing, is no SBML that is safe to parse, or lies outside `folder`; or
            the models are too many.
    """
    issues: list[Issue] = []
    others = _external(document, folder, issues)
    count = _count(document, document.getModel(), folder, others)
    if count > MAX_MODELS:
        raise FlatteningError(f"it consists of {count:.3g} models, at most {MAX_MODELS:,} are read")
    if folder is not None:
        document.setLocationURI((folder / "model.xml").as_uri())
    return issues


def flatten(document: Any) -> None:
    """Replaces the model of a located, valid libSBML document by its flat form, in place.

    Raises:
        FlatteningError: libSBML cannot flatten the model.
    """
    options = libsbml.ConversionProperties()
    options.addOption("flatten comp", True)
    options.addOption("performValidation", False)
    options.addOption("abortIfUnflattenable", "none")
    document.getErrorLog().clearLog()
    if document.convert(options) != libsbml.LIBSBML_OPERATION_SUCCESS:
        reasons = [" ".join(document.getError(i).getMessage().split()) for i in range(document.getNumErrors())]
        raise FlatteningError(" ".join(reasons[1:] or reasons) or "libSBML gives no reason")


def _external(document: Any, folder: Path | None, issues: list[Issue]) -> dict[Path, Any]:
    """The documents in other files that `document` refers to, or those refer to, by path; `issues` grows."""
    found: dict[Path, Any] = {}
    queue = [(document, folder)]
    while queue:
        origin, place = queue.pop()
        plugin = origin.getPlugin("comp")
        for definition in plugin.getListOfExternalModelDefinitions() if plugin is not None else ():
            path = _path(definition, folder, place)
            if path in found:
                continue
            found[path], told = _read(definition, path)
            issues += told
            queue.append((found[path], path.parent))
    return found


def _read(definition: Any, path: Path) -> tuple[Any, list[Issue]]:
    """The document of an external model, and what does not keep it from being used."""

    def refused(reason: str) -> FlatteningError:
        return FlatteningError(f"external model {definition.getId()!r} in {definition.getSource()!r}: {reason}")

    try:
        other = take(path)
    except RefusedError as error:
        raise refused(str(error)) from None
    found = [*other.scanner.issues, *other.scanner.unsupported()]
    wrong = next((i.message for i in found if i.severity is Severity.ERROR), None)
    if wrong is not None:
        raise refused(wrong)
    parsed = libsbml.readSBMLFromString(other.declared_text)
    if parsed.getNumErrors(libsbml.LIBSBML_SEV_ERROR) or parsed.getNumErrors(libsbml.LIBSBML_SEV_FATAL):
        for error in _errors(libsbml.readSBMLFromString(Document(bare(other.text)).declared_text)):
            raise refused(" ".join(error.getMessage().split()))
    for issue in check_functions(parsed, other.scanner.call_depth):
        raise refused(issue.message)
    if definition.isSetMd5() and definition.getMd5().lower() != hashlib.md5(path.read_bytes()).hexdigest():
        found.append(
            Issue(
                severity=Severity.WARNING,
                code="external-changed",
                message=f"its MD5 sum is not {shown(definition.getMd5())!r}, as it was when it was referred to",
                hint="Make sure that it is the document that is meant.",
                element_id=definition.getId(),
            )
        )
    where = f"in the document {definition.getSource()!r} of an external model, "
    return parsed, [replace(issue, message=where + issue.message, line=None) for issue in found]


def _errors(document: Any) -> Iterator[Any]:
    for i in range(document.getNumErrors()):
        if document.getError(i).getSeverity() >= libsbml.LIBSBML_SEV_ERROR:
            yield document.getError(i)


def _path(definition: Any, folder: Path | None, place: Path | None) -> Path:
    """The file of an external model, which is named relative to `place` and must lie in `folder`."""
    name, source = definition.getId(), definition.getSource()
    if folder is None or place is None:
        raise FlatteningError(
            f"external model {name!r} is in another file, {source!r}; load the model by its path, with "
            "that file beside it"
        )
    path = (place / source.removeprefix("file:")).resolve()
    if "://" in source or "%" in source or not path.is_relative_to(folder.resolve()):
        raise FlatteningError(
            f"external model {name!r} is at {source!r}, outside the model's folder; copy it beside the model"
        )
    if not path.is_file():
        raise FlatteningError(f"external model {name!r} is in {source!r}, which does not exist")
    return path


def _count(document: Any, model: Any, place: Path | None, others: Mapping[Path, Any]) -> float:
    """How many models a model consists of."""
    counts: dict[tuple[int, str], float] = {}

    def of(document: Any, model: Any, place: Path | None) -> float:
        key = (id(document), model.getId())
        if key not in counts:
            counts[key] = math.nan
            plugin = model.getPlugin("comp")
            names = [plugin.getSubmodel(i).getModelRef() for i in range(plugin.getNumSubmodels())] if plugin else []
            counts[key] = 1.0 + sum(part(document, name, place) for name in names)
        elif math.isnan(counts[key]):
            raise FlatteningError(f"model {model.getId()!r} contains itself")
        return counts[key]

    def part(document: Any, name: str, place: Path | None) -> float:
        main, plugin = document.getModel(), document.getPlugin("comp")
        if main is not None and main.getId() == name:
            return of(document, main, place)
        inside = plugin and plugin.getModelDefinition(name)
        if inside is not None:
            return of(document, inside, place)
        outside = plugin and plugin.getExternalModelDefinition(name)
        if outside is None or place is None:
            return 1.0  # libSBML says that it does not exist
        path = (place / outside.getSource().removeprefix("file:")).resolve()
        other = others[path]
        if outside.isSetModelRef():
            return part(other, outside.getModelRef(), path.parent)
        return 1.0 if other.getModel() is None else of(other, other.getModel(), path.parent)

    try:
        return 1.0 if model is None else of(document, model, place)
    except RecursionError:
        raise FlatteningError("models are nested in each other too deeply") from None

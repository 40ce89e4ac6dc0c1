"""Models composed of models (the ``comp`` package) as one flat model, through libSBML's converter.

Source: SBML Level 3 Package: Hierarchical Model Composition, Version 1 Release 3, section 3.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import libsbml

from sbmlgrn.sbml.intake import RefusedError, take

MAX_MODELS: Final = 1_000
"""Most models that one is composed of, each counted as often as it is used."""


class FlatteningError(Exception):
    """A composed model that has no flat form; the text says why."""


def is_composed(document: Any) -> bool:
    """Whether a libSBML document uses the ``comp`` package."""
    return document.getPlugin("comp") is not None


def locate(document: Any, folder: Path | None) -> None:
    """Lets libSBML find external models in `folder`; before its consistency check, which opens them.

    Args:
        document: a parsed document.
        folder: where the document lies; ``None`` for text.

    Raises:
        FlatteningError: an external model is missing, is no SBML that is safe to parse, or lies outside `folder`; or
            the models are too many.
    """
    others = _external(document, folder)
    count = _count(document, document.getModel(), folder, others)
    if count > MAX_MODELS:
        raise FlatteningError(f"it consists of {count:.3g} models, at most {MAX_MODELS:,} are read")
    if folder is not None:
        document.setLocationURI((folder / "model.xml").as_uri())


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


def _external(document: Any, folder: Path | None) -> dict[Path, Any]:
    """The documents in other files that `document` refers to, or those refer to, by path."""
    found: dict[Path, Any] = {}
    queue = [(document, folder)]
    while queue:
        origin, place = queue.pop()
        plugin = origin.getPlugin("comp")
        for definition in plugin.getListOfExternalModelDefinitions() if plugin is not None else ():
            path = _path(definition, folder, place)
            if path in found:
                continue
            try:
                text = take(path).declared_text
            except RefusedError as refused:
                raise FlatteningError(
                    f"external model {definition.getId()!r} in {definition.getSource()!r}: {refused}"
                ) from None
            found[path] = libsbml.readSBMLFromString(text)
            queue.append((found[path], path.parent))
    return found


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

"""Models composed of models (the ``comp`` package) as one flat model, through libSBML's converter.

Source: SBML Level 3 Package: Hierarchical Model Composition, Version 1 Release 3, section 3.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import libsbml


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
        FlatteningError: an external model is missing, or lies outside `folder`.
    """
    _check_external(document, folder)
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


def _check_external(document: Any, folder: Path | None) -> None:
    plugin = document.getPlugin("comp")
    for i in range(plugin.getNumExternalModelDefinitions()):
        definition = plugin.getExternalModelDefinition(i)
        name, source = definition.getId(), definition.getSource()
        if folder is None:
            raise FlatteningError(
                f"external model {name!r} is in another file, {source!r}; load the model by its path, with "
                "that file beside it"
            )
        path = (folder / source.removeprefix("file:")).resolve()
        if "://" in source or not path.is_relative_to(folder.resolve()):
            raise FlatteningError(
                f"external model {name!r} is at {source!r}, outside the model's folder; copy it beside the model"
            )
        if not path.is_file():
            raise FlatteningError(f"external model {name!r} is in {source!r}, which does not exist")

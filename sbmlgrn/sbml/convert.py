"""Models in another Level and Version, or as Antimony, with everything that this loses as issues.

libSBML and libAntimony convert; whatever they say, the result is read again and compared with what it was made of,
element by element. Where it is another model, there is no result.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import libsbml
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

from sbmlgrn.expr import postorder
from sbmlgrn.network import Network
from sbmlgrn.sbml.antimony import from_sbml, to_sbml
from sbmlgrn.sbml.changes import changes
from sbmlgrn.sbml.digits import restore, restore_antimony
from sbmlgrn.sbml.equivalence import formulas, parts
from sbmlgrn.sbml.intake import RefusedError, declared
from sbmlgrn.sbml.inventory import lost
from sbmlgrn.sbml.issue import Issue, SBMLError, Severity
from sbmlgrn.sbml.read import load_in
from sbmlgrn.sbml.write import flattened, write

VERSIONS: Final = ((1, 2), (2, 1), (2, 2), (2, 3), (2, 4), (2, 5), (3, 1), (3, 2))
"""The Levels and Versions of SBML that libSBML converts to."""

_CONVERSION_ERRORS: Final = range(91000, 99000)
_ABOUT_UNITS: Final = {91010, 91014, 91017, 91018, 92008, 92009, 92010}
"""Of libSBML's errors of conversion, those on which no number depends, since units are not converted."""


@dataclass(frozen=True)
class Conversion:
    """What a conversion made.

    Attributes:
        text: SBML or Antimony.
        network: what `text` is read back as.
        issues: what was lost, or is said in another way.
    """

    text: str
    network: Network
    issues: tuple[Issue, ...]


def convert(network: Network, level: int, version: int) -> Conversion:
    """`network` in another Level and Version of SBML, through libSBML's converter.

    Numbers keep their digits. What a document composed of several models was is kept from Level 3 to Level 3, and
    flattened otherwise.

    Raises:
        ValueError: there is no such Level and Version, or the network cannot be written.
        SBMLError: it would be another model there; the issues name each element and why.
    """
    if (level, version) not in VERSIONS:
        known = ", ".join(f"{a}.{b}" for a, b in VERSIONS)
        raise ValueError(f"no conversion to SBML Level {level} Version {version}: choose one of {known}")
    target = f"SBML Level {level} Version {version}"
    issues: list[Issue] = []
    if level < 3:
        network, issues = _one_model(network, target)
    text = write(network)
    if (network.level, network.version) == (level, version) and network.source is not None:
        return Conversion(text, network, ())
    document = libsbml.readSBMLFromString(declared(text))
    document.getErrorLog().clearLog()
    options = libsbml.ConversionProperties(libsbml.SBMLNamespaces(level, version))
    for option, chosen in (("setLevelAndVersion", True), ("strict", False), ("addDefaultUnits", False)):
        options.addOption(option, chosen)
    options.addOption("ignorePackages", True)
    if level < 3:
        _strip_packages(document)
    code = document.convert(options)
    issues += _said(document, target)
    if code != libsbml.LIBSBML_OPERATION_SUCCESS or (document.getLevel(), document.getVersion()) != (level, version):
        raise SBMLError([*dict.fromkeys(issues), _refused(f"libSBML does not convert the document to {target}")])
    try:
        result = restore(libsbml.writeSBMLToString(document), _numbers(network))
    except etree.XMLSyntaxError as error:  # prefixes of annotations that it has lost the declarations of
        reason = f"what libSBML writes for {target} is no XML: {error.msg}"
        raise SBMLError([*dict.fromkeys(issues), _refused(reason)]) from None
    return _judged(network, text, result, result, target, issues)


def to_antimony(network: Network) -> Conversion:
    """`network` as Antimony text, through libAntimony. A composed document is flattened.

    Raises:
        ValueError: the network cannot be written.
        SBMLError: libAntimony refuses the document, or would make another model of it.
    """
    network, issues = _one_model(network, "Antimony")
    text = write(network)
    try:
        antimony = restore_antimony(from_sbml(text), _numbers(network))
        back, _ = to_sbml(antimony)
    except RefusedError as refused:
        raise SBMLError([*issues, refused.issue]) from None
    return _judged(network, text, antimony, back, "Antimony", issues)


def _judged(network: Network, text: str, result: str, document: str, target: str, issues: list[Issue]) -> Conversion:
    """The conversion if `document`, the SBML of `result`, is the same model; raises if it is not."""
    try:
        after = load_in(document, network.folder)
    except SBMLError as error:
        reasons = [
            # the line would be one of a document that nobody sees
            replace(i, line=None, message=f"as {target}, the model is not valid: {i.message}", hint="Keep the format.")
            for i in error.issues
            if i.severity is Severity.ERROR
        ]
        raise SBMLError(dict.fromkeys([*issues, *reasons])) from None
    issues = [*issues, *changes(network, after, target), *lost(text, document, target)]
    if any(i.severity is Severity.ERROR for i in issues):
        raise SBMLError(dict.fromkeys(issues))
    return Conversion(result, after, tuple(dict.fromkeys(issues)))


def _strip_packages(document: Any) -> None:
    """Takes away the packages of Level 3, which libSBML would leave behind in an older document."""
    for name in [document.getPlugin(i).getPackageName() for i in range(document.getNumPlugins())]:
        options = libsbml.ConversionProperties()
        options.addOption("stripPackage", True)
        options.addOption("package", name)
        document.convert(options)


def _one_model(network: Network, target: str) -> tuple[Network, list[Issue]]:
    if network.flat_source is None:
        return network, []
    issue = Issue(
        severity=Severity.WARNING,
        code="convert-flattened",
        message="the document is composed of several models, which became one",
        hint=f"{target} has no submodels; ids begin with the submodel's.",
    )
    return flattened(network), [issue]


def _refused(message: str) -> Issue:
    return Issue(
        severity=Severity.ERROR, code="convert-refused", message=message, hint="Keep the Level and Version it has."
    )


def _said(document: Any, target: str) -> Iterator[Issue]:
    """The errors of libSBML's converter; what it warns of is found by comparing."""
    for i in range(document.getNumErrors()):
        error = document.getError(i)
        if error.getErrorId() in _CONVERSION_ERRORS and error.getSeverity() >= libsbml.LIBSBML_SEV_ERROR:
            about_units = error.getErrorId() in _ABOUT_UNITS
            yield Issue(
                severity=Severity.WARNING if about_units else Severity.ERROR,
                code=f"sbml-{error.getErrorId()}",
                message=" ".join(error.getMessage().split()),
                hint="Units are not converted."
                if about_units
                else f"Remove it, or choose another target than {target}.",
            )


def _numbers(network: Network) -> list[float]:
    in_formulas = (n.value for n in postorder(formulas(network)) if n.op == "constant")
    return [n for n in (*parts(network), *in_formulas) if isinstance(n, float)]

from pathlib import Path

import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

from sbmlgrn.network import Network, Parameter
from sbmlgrn.sbml import NotInPlaceError, Severity, flattened, load, read, write
from sbmlgrn.sbml.composed import finder

COMP = 'xmlns:comp="http://www.sbml.org/sbml/level3/version1/comp/version1" comp:required="true"'
CORE = 'xmlns="http://www.sbml.org/sbml/level3/version1/core" level="3" version="1"'
INNER = (
    f'<?xml version="1.0"?><sbml {CORE}><model id="inner"><listOfParameters>'
    '<parameter id="k" value="3" constant="true"/></listOfParameters></model></sbml>'
)
OUTER = (
    f'<?xml version="1.0"?><sbml {CORE} {COMP}><model id="outer"><comp:listOfSubmodels>'
    '<comp:submodel comp:id="A" comp:modelRef="E"/>'
    '<comp:submodel comp:id="B" comp:modelRef="E"/>'
    "</comp:listOfSubmodels></model><comp:listOfExternalModelDefinitions>"
    '<comp:externalModelDefinition comp:id="E" comp:source="inner.xml"/>'
    "</comp:listOfExternalModelDefinitions></sbml>"
)


@pytest.fixture
def composed(tmp_path: Path) -> Network:
    (tmp_path / "inner.xml").write_text(INNER)
    (tmp_path / "outer.xml").write_text(OUTER)
    return load(tmp_path / "outer.xml")


def test_a_composed_model_is_one_network(composed: Network) -> None:
    assert {p.id: p.value for p in composed.parameters} == {"A__k": 3.0, "B__k": 3.0}


def test_it_is_written_as_it_was_until_it_is_changed(composed: Network) -> None:
    assert write(composed) == OUTER
    changed = composed.with_values({"B__k": 4.5})
    with pytest.raises(NotInPlaceError, match=r"submodel 'B' is defined in another file.*flattened"):
        write(changed)
    flat = load(write(flattened(changed)))
    assert {p.id: p.value for p in flat.parameters} == {"A__k": 3.0, "B__k": 4.5}


@pytest.mark.parametrize(
    ("before", "after", "part"),
    [
        ('value="3"', 'value="3,5"', "'3,5', which is no number"),
        ('id="k"', 'id="k" zoo="1"', "Parameter"),
        ("</model>", "<listOfZoos/></model>", "undefined elements"),
        (
            "<model ",
            '<model xmlns:q="http://www.sbml.org/sbml/level3/version1/qual/version1" q:a="1" ',
            "'qual' occurs",
        ),
        ("</listOfParameters>", '<parameter id="k" value="9" constant="true"/></listOfParameters>', "'A__k' conflicts"),
        (
            "</model>",
            '<listOfInitialAssignments><initialAssignment symbol="k"><math xmlns="http://www.w3.org/1998/Math/MathML">'
            "<ci>j</ci></math></initialAssignment></listOfInitialAssignments></model>",
            "'j' that is not the id",
        ),
        (
            "</model>",
            '<listOfInitialAssignments><initialAssignment symbol="k"><math xmlns="http://www.w3.org/1998/Math/MathML"/>'
            "</initialAssignment></listOfInitialAssignments></model>",
            "'math' holds 0 elements",
        ),
    ],
)
def test_a_wrong_document_of_an_external_model_is_refused(tmp_path: Path, before: str, after: str, part: str) -> None:
    (tmp_path / "outer.xml").write_text(OUTER)
    (tmp_path / "inner.xml").write_text(INNER.replace(before, after))
    result = read(tmp_path / "outer.xml")
    assert result.network is None
    assert any(i.severity is Severity.ERROR and part in i.message for i in result.issues), result.issues


def test_what_is_odd_in_a_document_of_an_external_model_is_told(tmp_path: Path) -> None:
    (tmp_path / "outer.xml").write_text(OUTER.replace("comp:source", f'comp:md5="{"0" * 32}" comp:source'))
    (tmp_path / "inner.xml").write_text(INNER.replace("</model>", '<x xmlns="http://x.org"/></model>'))
    result = read(tmp_path / "outer.xml")
    assert result.network is not None
    assert [i.code for i in result.issues] == ["foreign-element", "external-changed"]
    assert all("in the document 'inner.xml' of an external model" in i.message for i in result.issues)


def local(inside: str, definitions: str) -> str:
    return (
        f'<?xml version="1.0"?><sbml {CORE} {COMP}><model id="outer">{inside}</model>'
        f"<comp:listOfModelDefinitions>{definitions}</comp:listOfModelDefinitions></sbml>"
    )


def submodels(*pairs: str) -> str:
    listed = "".join(
        f'<comp:submodel comp:id="{name}" comp:modelRef="{of}"/>' for name, of in (p.split("=") for p in pairs)
    )
    return f"<comp:listOfSubmodels>{listed}</comp:listOfSubmodels>"


def definition(name: str, value: str, more: str = "") -> str:
    parameter = f'<listOfParameters><parameter id="k" value="{value}" constant="true"/></listOfParameters>'
    return f'<comp:modelDefinition id="{name}">{parameter}{more}</comp:modelDefinition>'


REPLACED = (
    '<listOfParameters><parameter id="k" constant="true"><comp:replacedBy comp:submodelRef="A" comp:idRef="B">'
    '<comp:sBaseRef comp:idRef="k"/></comp:replacedBy></parameter></listOfParameters>'
)


@pytest.mark.parametrize(
    ("inside", "definitions", "name", "old"),
    [
        (submodels("A=D"), definition("D", "0.30000000000000004"), "A__k", "0.30000000000000004"),
        (submodels("A=D", "B=E"), definition("D", "1") + definition("E", "2"), "B__k", "2"),
        (submodels("A=D"), definition("D", "1", submodels("B=E")) + definition("E", "2"), "A__B__k", "2"),
        (REPLACED + submodels("A=D"), definition("D", "1", submodels("B=E")) + definition("E", "2"), "k", "2"),
    ],
)
def test_a_value_is_changed_where_it_stands(inside: str, definitions: str, name: str, old: str) -> None:
    text = local(inside, definitions)
    network = load(text)
    assert network.value(name) == float(old)
    assert write(network) == text
    assert write(network.with_values({name: 0.1})) == text.replace(f'"{old}"', '"0.1"')


def test_submodels_of_one_definition_change_alike_or_not_at_all() -> None:
    network = load(local(submodels("A=D", "B=D"), definition("D", "1")))
    with pytest.raises(NotInPlaceError, match=r"'B__k' would have value 2\.0 instead of 1\.0.*one definition"):
        write(network.with_values({"A__k": 2.0}))
    both = load(write(network.with_values({"A__k": 2.0, "B__k": 2.0})))
    assert {p.id: p.value for p in both.parameters} == {"A__k": 2.0, "B__k": 2.0}


def test_only_values_change_in_a_composed_document() -> None:
    network = load(local(submodels("A=D"), definition("D", "1"))).with_elements(Parameter(id="x", value=1.0))
    with pytest.raises(NotInPlaceError, match="'x' differs from the document in its existence"):
        write(network)
    assert load(write(flattened(network))).value("x") == 1.0


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("../inner.xml", "outside the model's folder"),
        ("/etc/hostname", "outside the model's folder"),
        ("http://example.org/inner.xml", "outside the model's folder"),
        ("missing.xml", "'missing.xml', which does not exist"),
    ],
)
def test_external_models_stay_inside_the_folder(tmp_path: Path, source: str, message: str) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    (tmp_path / "inner.xml").write_text(INNER)
    (folder / "outer.xml").write_text(OUTER.replace("inner.xml", source))
    (issue,) = read(folder / "outer.xml").issues
    assert issue.code == "comp-flattening" and message in issue.message and "'E'" in issue.message


def test_text_has_no_folder() -> None:
    (issue,) = read(OUTER).issues
    assert issue.code == "comp-flattening" and "load the model by its path" in issue.message


def document(model: str, externals: str = "", definitions: str = "") -> str:
    lists = (
        f"<comp:listOfExternalModelDefinitions>{externals}</comp:listOfExternalModelDefinitions>" if externals else ""
    )
    lists += f"<comp:listOfModelDefinitions>{definitions}</comp:listOfModelDefinitions>" if definitions else ""
    return f'<?xml version="1.0"?><sbml {CORE} {COMP}>{model}{lists}</sbml>'


def external(name: str, source: str, model: str = "", **attributes: str) -> str:
    more = "".join(f' comp:{key}="{value}"' for key, value in attributes.items())
    reference = f' comp:modelRef="{model}"' if model else ""
    return f'<comp:externalModelDefinition comp:id="{name}" comp:source="{source}"{reference}{more}/>'


def with_submodel(name: str, of: str, tag: str = "model", inside: str = "") -> str:
    prefix = "comp:" if tag == "modelDefinition" else ""
    return (
        f'<{prefix}{tag} id="{name}">{inside}<comp:listOfSubmodels><comp:submodel comp:id="s" comp:modelRef="{of}"/>'
        f"</comp:listOfSubmodels></{prefix}{tag}>"
    )


@pytest.mark.parametrize("attributes", [{}, {"md5": "0123456789abcdef0123456789abcdef"}], ids=["plain", "md5"])
def test_external_models_may_have_external_models(tmp_path: Path, attributes: dict[str, str]) -> None:
    """Three files in three folders, each named relative to the one that mentions it; one by a model definition."""
    (tmp_path / "parts" / "deep").mkdir(parents=True)
    (tmp_path / "parts" / "deep" / "inner.xml").write_text(INNER)
    definition = with_submodel("wrapped", "E", "modelDefinition")
    middle = document('<model id="unused"/>', external("E", "deep/inner.xml", "inner", **attributes), definition)
    (tmp_path / "parts" / "middle.xml").write_text(middle)
    outer = document(with_submodel("outer", "M"), external("M", "parts/middle.xml", "wrapped", **attributes))
    (tmp_path / "outer.xml").write_text(outer)
    assert {p.id: p.value for p in load(tmp_path / "outer.xml").parameters} == {"s__s__k": 3.0}


@pytest.mark.parametrize("circle", [("outer.xml",), ("middle.xml", "outer.xml"), ("middle.xml", "middle.xml")])
def test_models_within_themselves_are_refused(tmp_path: Path, circle: tuple[str, ...]) -> None:
    names = ("outer.xml", *circle)
    for name, source in zip(names, circle, strict=False):
        (tmp_path / name).write_text(document(with_submodel("m", "E"), external("E", source)))
    result = read(tmp_path / "outer.xml")
    assert result.network is None and result.issues
    assert all(issue.message for issue in result.issues)


@pytest.mark.parametrize(
    ("reference", "inside"),
    [
        ('comp:metaIdRef="_q"', '<parameter id="q" metaid="_q" constant="true"/>'),
        ('comp:unitRef="u"', ""),
    ],
)
def test_errors_behind_a_reference_to_a_metaid_or_a_unit_are_errors(reference: str, inside: str) -> None:
    """A document is reduced to tell which errors matter; the reduced one must still be flattened."""
    units = '<listOfUnitDefinitions><unitDefinition id="u"/></listOfUnitDefinitions>'
    both = definition("D", "3").replace("<listOfParameters>", f"{units}<listOfParameters>{inside}")
    right = local(
        '<comp:listOfSubmodels><comp:submodel comp:id="A" comp:modelRef="D"><comp:listOfDeletions>'
        f"<comp:deletion {reference}/></comp:listOfDeletions></comp:submodel></comp:listOfSubmodels>",
        both,
    )
    assert load(right).value("A__k") == 3
    wrong = right.replace('<parameter id="k"', '<parameter id="k" value="4" constant="true"/><parameter id="k"')
    assert read(wrong).network is None


def test_a_port_that_is_not_there_has_no_place() -> None:
    replaced = '<parameter id="p" constant="true"><comp:replacedBy comp:submodelRef="A" comp:portRef="q"/></parameter>'
    text = local(f"<listOfParameters>{replaced}</listOfParameters>{submodels('A=D')}", definition("D", "3"))
    find = finder(etree.fromstring(text.encode()))
    with pytest.raises(NotInPlaceError, match="a port 'q' that it does not have"):
        find("p")

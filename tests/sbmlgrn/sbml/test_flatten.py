from pathlib import Path

import pytest

from sbmlgrn.network import Network
from sbmlgrn.sbml import load, read, write

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
    changed = load(write(composed.with_values({"B__k": 4.5})))
    assert {p.id: p.value for p in changed.parameters} == {"A__k": 3.0, "B__k": 4.5}


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

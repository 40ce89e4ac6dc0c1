from __future__ import annotations

import hashlib
import uuid

import pytest

from sbmlgrn.client import AlreadyExistsError, Client, InvalidArgumentError, NotFoundError, PreconditionError
from sbmlgrn.client.v1 import array_pb2, job_service_pb2, model_pb2, model_service_pb2


def test_create_and_get(client: Client, decay: str) -> None:
    made = client.create_model(decay, display_name="mine")
    assert made.name.startswith("models/")
    assert made.display_name == "mine"
    assert made.document_id == "decay"
    assert (made.sbml_level, made.sbml_version) == (3, 2)
    assert made.sha256 == hashlib.sha256(decay.encode()).hexdigest()
    assert made.document_bytes == len(decay.encode())
    assert made.reaction_count == 1
    assert made.time_unit == "second"
    assert made.create_time.seconds > 0
    assert client.get_model(made.name) == made


def test_symbols(client: Client, model: str) -> None:
    symbols = {symbol.id: symbol for symbol in client.get_model(model).symbols}
    assert set(symbols) == {"c", "S", "A", "k", "J"}
    assert symbols["S"].quantity == array_pb2.QUANTITY_CONCENTRATION
    assert symbols["S"].unit == "mole / litre"
    assert symbols["A"].quantity == array_pb2.QUANTITY_AMOUNT
    assert symbols["A"].unit == "mole"
    assert symbols["k"].kind == model_pb2.SYMBOL_KIND_PARAMETER
    assert symbols["k"].value == 0.5
    assert symbols["k"].adjustable
    assert not symbols["k"].reported_by_default
    assert symbols["J"].kind == model_pb2.SYMBOL_KIND_REACTION
    assert not symbols["J"].HasField("value")
    assert symbols["J"].observable
    assert not symbols["J"].adjustable


def test_display_name_defaults_to_the_documents_own(client: Client, decay: str) -> None:
    assert client.create_model(decay).display_name == "exponential decay"


def test_chosen_id(client: Client, decay: str) -> None:
    assert client.create_model(decay, model_id="my-decay").name == "models/my-decay"
    with pytest.raises(AlreadyExistsError, match="models/my-decay"):
        client.create_model(decay, model_id="my-decay")
    with pytest.raises(InvalidArgumentError, match=r"'\.\./etc'"):
        client.create_model(decay, model_id="../etc")


def test_export_gives_the_document_back(client: Client, repressilator: str) -> None:
    assert client.export_model(client.create_model(repressilator).name) == repressilator


def test_export_in_pieces(client: Client, stubs, decay: str) -> None:
    document = decay.replace("</model>", f"<!--{'x' * 1_500_000}--></model>")
    name = client.create_model(document).name
    request = model_service_pb2.ExportModelRequest(name=name)
    header, *pieces = list(stubs.models.ExportModel(request, timeout=60))
    assert header.header.document_bytes == len(document.encode())
    assert header.header.format == model_pb2.MODEL_FORMAT_SBML
    assert len(pieces) == 3
    assert b"".join(piece.data for piece in pieces) == document.encode()


def test_unknown_format(stubs, model: str) -> None:
    request = model_service_pb2.ExportModelRequest(name=model, format=7)  # pyright: ignore[reportArgumentType]
    with pytest.raises(Exception, match="format 7"):
        list(stubs.models.ExportModel(request, timeout=60))


def test_delete(client: Client, decay: str) -> None:
    name = client.create_model(decay).name
    client.delete_model(name)
    for call in (client.get_model, client.delete_model, client.export_model):
        with pytest.raises(NotFoundError, match=name):
            call(name)


def test_delete_of_a_model_in_use(client: Client, stubs, repressilator: str, endless) -> None:
    name = client.create_model(repressilator).name
    job = stubs.jobs.CreateJob(endless(name), timeout=60).job
    with pytest.raises(PreconditionError, match=job.name):
        client.delete_model(name)
    stubs.jobs.CancelJob(job_service_pb2.CancelJobRequest(name=job.name), timeout=60)
    client.delete_model(name)


@pytest.mark.parametrize(
    "name", ["models/", "models/a/b", "jobs/a", "models/A", "", "models/../x", "models/" + "x" * 999]
)
def test_malformed_names(client: Client, name: str) -> None:
    with pytest.raises(InvalidArgumentError, match=r"models/\{id\}"):
        client.get_model(name)


def test_pages(client: Client, stubs, decay: str) -> None:
    made = [client.create_model(decay, display_name=f"page {index}").name for index in range(5)]
    seen: list[str] = []
    token = ""
    while len(seen) < 5:
        page = stubs.models.ListModels(model_service_pb2.ListModelsRequest(page_size=2, page_token=token), timeout=60)
        assert len(page.models) <= 2
        assert not any(model.symbols for model in page.models)
        seen += [model.name for model in page.models]
        # What comes in between does not shift the pages.
        client.create_model(decay)
        token = page.next_page_token
    assert seen[:5] == made[::-1]


def test_last_page_has_no_token(client: Client, stubs) -> None:
    everything = stubs.models.ListModels(model_service_pb2.ListModelsRequest(page_size=1000), timeout=60)
    assert everything.next_page_token == ""
    assert [model.name for model in everything.models] == [model.name for model in client.list_models()]


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        (model_service_pb2.ListModelsRequest(page_size=-1), "page_size is -1"),
        (model_service_pb2.ListModelsRequest(page_token="garbage"), "'garbage'"),
    ],
)
def test_bad_pages(stubs, request_: model_service_pb2.ListModelsRequest, text: str) -> None:
    with pytest.raises(Exception, match=text):
        stubs.models.ListModels(request_, timeout=60)


def test_request_id_makes_creation_idempotent(client: Client, decay: str) -> None:
    key = str(uuid.uuid4())
    first = client.create_model(decay, request_id=key)
    assert client.create_model(decay, request_id=key) == first
    with pytest.raises(AlreadyExistsError, match=key):
        client.create_model(decay, display_name="another", request_id=key)


def test_validate_only_stores_nothing(client: Client, stubs, decay: str) -> None:
    before = [model.name for model in client.list_models()]
    request = model_service_pb2.CreateModelRequest(document=decay.encode(), validate_only=True, request_id="once")
    made = stubs.models.CreateModel(request, timeout=60).model
    assert made.name == ""
    assert made.document_id == "decay"
    assert [model.name for model in client.list_models()] == before


def test_validate(client: Client, decay: str) -> None:
    before = [model.name for model in client.list_models()]
    assert client.validate(decay).valid
    bad = client.validate(decay.replace("<ci>k</ci>", "<ci>kk</ci>"))
    assert not bad.valid
    assert any("kk" in issue.message for issue in bad.issues)
    assert [model.name for model in client.list_models()] == before

"""ModelService: the rpcs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

import sbmlgrn.client.v1.model_service_pb2 as pb
from sbmlgrn.client.v1 import model_pb2, model_service_pb2_grpc
from sbmlgrn_server.errors import invalid, not_found, precondition, streaming, unary
from sbmlgrn_server.names import (
    check_display_name,
    choose_id,
    conflict,
    page_token,
    parse_name,
    parse_page,
    request_key,
)
from sbmlgrn_server.reader import DocumentReader, check_size
from sbmlgrn_server.store import IdTakenError, InUseError, RequestReusedError, Store, StoreThread

_CHUNK_BYTES: Final = 512 * 1024
_FORMATS: Final = frozenset({model_pb2.MODEL_FORMAT_UNSPECIFIED, model_pb2.MODEL_FORMAT_SBML})


class ModelService(model_service_pb2_grpc.ModelServiceServicer):
    """Keeps models; each rpc is documented in the contract."""

    def __init__(self, store: Store, thread: StoreThread, reader: DocumentReader) -> None:
        self._store = store
        self._thread = thread
        self._reader = reader

    @unary
    async def CreateModel(self, request: pb.CreateModelRequest, context: Any) -> pb.CreateModelResponse:
        """Reads, checks and stores a document."""
        _check_format(request.format)
        check_display_name(request.model.display_name)
        model_id = choose_id(request.model_id)
        if (refused := check_size(request.document)) is not None:
            refused.model_or_error()
        # Hashing a large document takes its time.
        key = None if request.validate_only else await asyncio.to_thread(request_key, request)
        try:
            if key and (made := await self._thread.run(self._store.find_model_request, key)):
                return pb.CreateModelResponse(model=made)
            model = (await self._reader.read(request.document)).model_or_error()
            if request.model.display_name:
                model.display_name = request.model.display_name
            if request.validate_only:
                return pb.CreateModelResponse(model=model)
            model.name = f"models/{model_id}"
            model = await self._thread.run(self._store.insert_model, model, request.document, key)
        except (IdTakenError, RequestReusedError) as error:
            raise conflict(error, "models") from None
        return pb.CreateModelResponse(model=model)

    @unary
    async def GetModel(self, request: pb.GetModelRequest, context: Any) -> pb.GetModelResponse:
        """Looks a model up."""
        return pb.GetModelResponse(model=await self._get(request.name))

    @unary
    async def ListModels(self, request: pb.ListModelsRequest, context: Any) -> pb.ListModelsResponse:
        """Lists models, the newest first."""
        page = parse_page(request.page_size, request.page_token)
        models, following = await self._thread.run(self._store.list_models, page)
        return pb.ListModelsResponse(models=models, next_page_token=page_token(following))

    @unary
    async def DeleteModel(self, request: pb.DeleteModelRequest, context: Any) -> pb.DeleteModelResponse:
        """Deletes a model that no unfinished job uses."""
        try:
            deleted = await self._thread.run(self._store.delete_model, parse_name(request.name, "models"))
        except InUseError as error:
            raise precondition(
                f"'{request.name}' is used by the unfinished job '{error.user}': cancel that or wait for it"
            ) from None
        if not deleted:
            raise not_found(request.name)
        return pb.DeleteModelResponse()

    @streaming
    async def ExportModel(self, request: pb.ExportModelRequest, context: Any) -> AsyncIterator[pb.ExportModelResponse]:
        """Downloads a model's document."""
        _check_format(request.format)
        model = await self._get(request.name)
        document = await self._thread.run(self._store.get_document, parse_name(request.name, "models"))
        if document is None:
            raise not_found(request.name)
        header = pb.DocumentHeader(
            format=model_pb2.MODEL_FORMAT_SBML, document_bytes=model.document_bytes, sha256=model.sha256
        )
        yield pb.ExportModelResponse(header=header)
        for start in range(0, len(document), _CHUNK_BYTES):
            yield pb.ExportModelResponse(data=document[start : start + _CHUNK_BYTES])

    @unary
    async def ValidateModel(self, request: pb.ValidateModelRequest, context: Any) -> pb.ValidateModelResponse:
        """Checks a document without storing anything."""
        _check_format(request.format)
        reading = await self._reader.read(request.document)
        return pb.ValidateModelResponse(
            valid=reading.model is not None, issues=reading.issues, issues_left_out=reading.issues_left_out
        )

    async def _get(self, name: str) -> model_pb2.Model:
        model = await self._thread.run(self._store.get_model, parse_name(name, "models"))
        if model is None:
            raise not_found(name)
        return model


def _check_format(value: int) -> None:
    if value not in _FORMATS:
        raise invalid(f"format {value} is not known to this server: expected MODEL_FORMAT_SBML")

"""The contract and its implementation belong together."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import ServiceDescriptor
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from sbmlgrn.client.v1 import (
    job_service_pb2,
    job_service_pb2_grpc,
    model_service_pb2,
    model_service_pb2_grpc,
)
from sbmlgrn_server.app import SERVICE_NAMES
from sbmlgrn_server.jobs import JobService
from sbmlgrn_server.models import ModelService

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("descriptor", "implementation", "base"),
    [
        (
            model_service_pb2.DESCRIPTOR.services_by_name["ModelService"],
            ModelService,
            model_service_pb2_grpc.ModelServiceServicer,
        ),
        (
            job_service_pb2.DESCRIPTOR.services_by_name["JobService"],
            JobService,
            job_service_pb2_grpc.JobServiceServicer,
        ),
    ],
    ids=["ModelService", "JobService"],
)
def test_every_rpc_is_implemented(descriptor: ServiceDescriptor, implementation: type, base: type) -> None:
    missing = [m.name for m in descriptor.methods if getattr(implementation, m.name) is getattr(base, m.name)]
    assert descriptor.methods
    assert not missing


def test_stubs_are_those_of_the_contract() -> None:
    process = subprocess.run(
        [sys.executable, str(ROOT / "proto" / "generate.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stderr


@pytest.mark.parametrize("service", ["", *SERVICE_NAMES])
def test_health(stubs, service: str) -> None:
    check = health_pb2_grpc.HealthStub(stubs.channel).Check  # pyright: ignore[reportAttributeAccessIssue]
    response = check(health_pb2.HealthCheckRequest(service=service), timeout=30)
    assert response.status == health_pb2.HealthCheckResponse.SERVING


def test_health_of_an_unknown_service(stubs) -> None:
    check = health_pb2_grpc.HealthStub(stubs.channel).Check  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(grpc.RpcError) as caught:
        check(health_pb2.HealthCheckRequest(service="sbmlgrn.v1.NoService"), timeout=30)
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


def test_reflection(stubs) -> None:
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    info: Any = reflection_pb2_grpc.ServerReflectionStub(stubs.channel).ServerReflectionInfo
    (response,) = list(info(iter([request]), timeout=30))
    names = {service.name for service in response.list_services_response.service}
    assert names >= {*SERVICE_NAMES, "grpc.health.v1.Health"}

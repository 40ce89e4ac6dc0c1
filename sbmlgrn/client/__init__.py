"""Client of the sbmlgrn service: the only part of the library that needs gRPC."""

from sbmlgrn.client.arrays import NamedArray as NamedArray
from sbmlgrn.client.client import Client as Client
from sbmlgrn.client.errors import AlreadyExistsError as AlreadyExistsError
from sbmlgrn.client.errors import InvalidArgumentError as InvalidArgumentError
from sbmlgrn.client.errors import JobCancelledError as JobCancelledError
from sbmlgrn.client.errors import JobFailedError as JobFailedError
from sbmlgrn.client.errors import NotFoundError as NotFoundError
from sbmlgrn.client.errors import PreconditionError as PreconditionError
from sbmlgrn.client.errors import ServerError as ServerError
from sbmlgrn.client.errors import UnavailableError as UnavailableError
from sbmlgrn.client.jobs import DesignHandle as DesignHandle
from sbmlgrn.client.jobs import DesignResult as DesignResult
from sbmlgrn.client.jobs import JobHandle as JobHandle
from sbmlgrn.client.jobs import OdeFitHandle as OdeFitHandle
from sbmlgrn.client.jobs import OdeFitResult as OdeFitResult
from sbmlgrn.client.jobs import SimulationHandle as SimulationHandle
from sbmlgrn.client.jobs import SimulationResult as SimulationResult
from sbmlgrn.client.jobs import StochasticHandle as StochasticHandle
from sbmlgrn.client.jobs import StochasticResult as StochasticResult
from sbmlgrn.client.jobs import TuningHandle as TuningHandle
from sbmlgrn.client.jobs import TuningResult as TuningResult
from sbmlgrn.client.local import local_server as local_server

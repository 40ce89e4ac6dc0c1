"""Results checked against other simulators.

The package is itself callable, so that ``sbmlgrn.crosscheck(network, t)`` works whether or not it has been imported.
"""

import sys
from types import ModuleType
from typing import Any

from sbmlgrn.crosscheck.roadrunner import Agreement as Agreement
from sbmlgrn.crosscheck.roadrunner import CrosscheckError as CrosscheckError
from sbmlgrn.crosscheck.roadrunner import CrosscheckReport as CrosscheckReport
from sbmlgrn.crosscheck.roadrunner import crosscheck as crosscheck
from sbmlgrn.crosscheck.roadrunner import simulate_in_roadrunner as simulate_in_roadrunner


class _CallableModule(ModuleType):
    def __call__(self, *args: Any, **kwargs: Any) -> CrosscheckReport:
        return crosscheck(*args, **kwargs)


sys.modules[__name__].__class__ = _CallableModule

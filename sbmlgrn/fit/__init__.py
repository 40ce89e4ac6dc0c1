"""Parameters with scales and bounds, and optimisers over them. Knows neither networks nor what is being fitted.

The package is itself callable, so that ``sbmlgrn.fit(problem)`` works whether or not it has been imported.
"""

import sys
from types import ModuleType
from typing import Any

from sbmlgrn.fit.gauss_newton import gauss_newton as gauss_newton
from sbmlgrn.fit.minimise import minimise as minimise
from sbmlgrn.fit.multistart import OPTIMIZERS as OPTIMIZERS
from sbmlgrn.fit.multistart import Fit as Fit
from sbmlgrn.fit.multistart import FitError as FitError
from sbmlgrn.fit.multistart import Start as Start
from sbmlgrn.fit.multistart import fit as fit
from sbmlgrn.fit.parameters import BoundsError as BoundsError
from sbmlgrn.fit.parameters import FreeParameter as FreeParameter
from sbmlgrn.fit.parameters import ParameterBox as ParameterBox
from sbmlgrn.fit.problem import Evaluation as Evaluation
from sbmlgrn.fit.problem import Problem as Problem
from sbmlgrn.fit.profile import Profile as Profile
from sbmlgrn.fit.progress import OnProgress as OnProgress
from sbmlgrn.fit.progress import Progress as Progress
from sbmlgrn.fit.result import FitResult as FitResult
from sbmlgrn.fit.result import FitStatus as FitStatus
from sbmlgrn.fit.uncertainty import Estimate as Estimate


class _CallableModule(ModuleType):
    def __call__(self, *args: Any, **kwargs: Any) -> Fit[Any]:
        return fit(*args, **kwargs)


sys.modules[__name__].__class__ = _CallableModule

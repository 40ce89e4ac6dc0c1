"""Parameters with scales and bounds, and optimisers over them. Knows neither networks nor what is being fitted."""

from sbmlgrn.fit.gauss_newton import gauss_newton as gauss_newton
from sbmlgrn.fit.minimise import minimise as minimise
from sbmlgrn.fit.parameters import BoundsError as BoundsError
from sbmlgrn.fit.parameters import FreeParameter as FreeParameter
from sbmlgrn.fit.parameters import ParameterBox as ParameterBox
from sbmlgrn.fit.progress import OnProgress as OnProgress
from sbmlgrn.fit.progress import Progress as Progress
from sbmlgrn.fit.result import FitResult as FitResult
from sbmlgrn.fit.result import FitStatus as FitStatus

"""Network → System: all equations, symbolic, ordered once."""

from sbmlgrn.lower.lower import LoweringError as LoweringError
from sbmlgrn.lower.lower import lower as lower
from sbmlgrn.lower.system import Delay as Delay
from sbmlgrn.lower.system import Jump as Jump
from sbmlgrn.lower.system import Quantity as Quantity
from sbmlgrn.lower.system import State as State
from sbmlgrn.lower.system import System as System
from sbmlgrn.lower.system import SystemParameter as SystemParameter
from sbmlgrn.lower.system import Transition as Transition

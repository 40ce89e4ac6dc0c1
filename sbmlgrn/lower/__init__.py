"""Network → System: all equations, symbolic, ordered once."""

from sbmlgrn.lower.conservation import Conserved as Conserved
from sbmlgrn.lower.conservation import conserved as conserved
from sbmlgrn.lower.lower import lower as lower
from sbmlgrn.lower.modes import with_modes as with_modes
from sbmlgrn.lower.reversible import split_reversible as split_reversible
from sbmlgrn.lower.reversible import there_and_back as there_and_back
from sbmlgrn.lower.system import Constraint as Constraint
from sbmlgrn.lower.system import Delay as Delay
from sbmlgrn.lower.system import Draw as Draw
from sbmlgrn.lower.system import FastReaction as FastReaction
from sbmlgrn.lower.system import Jump as Jump
from sbmlgrn.lower.system import LoweringError as LoweringError
from sbmlgrn.lower.system import Quantity as Quantity
from sbmlgrn.lower.system import RandomValueError as RandomValueError
from sbmlgrn.lower.system import State as State
from sbmlgrn.lower.system import System as System
from sbmlgrn.lower.system import SystemParameter as SystemParameter
from sbmlgrn.lower.system import Transition as Transition

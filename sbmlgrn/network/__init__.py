"""Models as immutable values: the elements of SBML, builder methods, and the difference between two networks."""

from sbmlgrn.network.elements import AlgebraicRule as AlgebraicRule
from sbmlgrn.network.elements import AssignmentRule as AssignmentRule
from sbmlgrn.network.elements import Compartment as Compartment
from sbmlgrn.network.elements import Element as Element
from sbmlgrn.network.elements import Event as Event
from sbmlgrn.network.elements import EventAssignment as EventAssignment
from sbmlgrn.network.elements import FunctionDefinition as FunctionDefinition
from sbmlgrn.network.elements import InitialAssignment as InitialAssignment
from sbmlgrn.network.elements import LocalParameter as LocalParameter
from sbmlgrn.network.elements import ModifierSpeciesReference as ModifierSpeciesReference
from sbmlgrn.network.elements import Parameter as Parameter
from sbmlgrn.network.elements import RateRule as RateRule
from sbmlgrn.network.elements import Reaction as Reaction
from sbmlgrn.network.elements import Rule as Rule
from sbmlgrn.network.elements import Species as Species
from sbmlgrn.network.elements import SpeciesReference as SpeciesReference
from sbmlgrn.network.elements import Unit as Unit
from sbmlgrn.network.elements import UnitDefinition as UnitDefinition
from sbmlgrn.network.network import Change as Change
from sbmlgrn.network.network import Network as Network
from sbmlgrn.network.network import UnknownElementError as UnknownElementError
from sbmlgrn.network.network import diff as diff

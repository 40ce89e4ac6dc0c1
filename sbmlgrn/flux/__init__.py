"""Fluxes of a steady state: the linear programmes of the package ``fbc``."""

from sbmlgrn.flux.balance import FluxBalanceError as FluxBalanceError
from sbmlgrn.flux.balance import FluxSolution as FluxSolution
from sbmlgrn.flux.balance import InfeasibleError as InfeasibleError
from sbmlgrn.flux.balance import UnboundedError as UnboundedError
from sbmlgrn.flux.balance import balance_fluxes as balance_fluxes

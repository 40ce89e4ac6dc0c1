"""How one stochastic trajectory ended."""

from sbmlgrn.ssa.native.status import StochasticStatus

__all__ = ["StochasticStatus"]

"""Stochastic simulation: the jump process of a network, exactly."""

from sbmlgrn.ssa.ensemble import Ensemble as Ensemble
from sbmlgrn.ssa.jumps import JumpError as JumpError
from sbmlgrn.ssa.simulate import simulate_ssa as simulate_ssa
from sbmlgrn.ssa.simulate import summarise_ssa as summarise_ssa
from sbmlgrn.ssa.statistics import Histogram as Histogram
from sbmlgrn.ssa.statistics import Statistics as Statistics
from sbmlgrn.ssa.status import StochasticStatus as StochasticStatus

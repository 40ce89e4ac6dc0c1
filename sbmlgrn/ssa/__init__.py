"""Stochastic simulation: the jump process of a network, exactly."""

from sbmlgrn.ssa.ensemble import Ensemble as Ensemble
from sbmlgrn.ssa.gradient import Audit as Audit
from sbmlgrn.ssa.gradient import Gradient as Gradient
from sbmlgrn.ssa.gradient import GradientWarning as GradientWarning
from sbmlgrn.ssa.gradient import Objective as Objective
from sbmlgrn.ssa.gradient import gradient as gradient
from sbmlgrn.ssa.jumps import JumpError as JumpError
from sbmlgrn.ssa.paths import Estimator as Estimator
from sbmlgrn.ssa.paths import annealed as annealed
from sbmlgrn.ssa.simulate import simulate_ssa as simulate_ssa
from sbmlgrn.ssa.simulate import summarise_ssa as summarise_ssa
from sbmlgrn.ssa.statistics import Histogram as Histogram
from sbmlgrn.ssa.statistics import Statistics as Statistics
from sbmlgrn.ssa.status import StochasticStatus as StochasticStatus

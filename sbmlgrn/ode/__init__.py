"""Ordinary differential equations: ensembles of trajectories with gradients."""

from sbmlgrn.ode.linearise import Linearised as Linearised
from sbmlgrn.ode.linearise import linearise as linearise
from sbmlgrn.ode.simulate import simulate as simulate
from sbmlgrn.ode.simulate import time_grid as time_grid
from sbmlgrn.ode.solution import Solution as Solution
from sbmlgrn.ode.status import Status as Status
from sbmlgrn.ode.steady import SteadyState as SteadyState
from sbmlgrn.ode.steady import steady_state as steady_state

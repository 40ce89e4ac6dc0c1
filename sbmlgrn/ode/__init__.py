"""Ordinary differential equations: ensembles of trajectories with gradients."""

from sbmlgrn.ode.simulate import simulate as simulate
from sbmlgrn.ode.solution import Solution as Solution
from sbmlgrn.ode.status import Status as Status

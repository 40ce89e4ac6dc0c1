"""The loops of stochastic simulation, compiled by Numba once and for all models."""

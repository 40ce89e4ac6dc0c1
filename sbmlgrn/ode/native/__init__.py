"""Solvers as compiled loops: a whole trajectory without a return to Python, many of them on all cores."""

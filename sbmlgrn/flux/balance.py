"""Flux balance analysis: the fluxes at which no amount changes and an objective is best, by linear programming.

The stoichiometries and bounds are those of the start of the model: initial assignments and rules hold, kinetic laws do
not count.

Source: SBML Level 3 Package: Flux Balance Constraints, Versions 1 to 3; Orth, Thiele & Palsson 2010, Nat. Biotechnol.
28:245; for the solver Huangfu & Hall 2018, Math. Program. Comput. 10:119 (HiGHS).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite, isnan, nan
from typing import Any

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

from sbmlgrn.expr import evaluate
from sbmlgrn.lower import System, lower
from sbmlgrn.network import FluxBalance, Network, Objective, Parameter, Reaction, UnknownElementError


class FluxBalanceError(ValueError):
    """A model whose fluxes cannot be optimised."""


class InfeasibleError(FluxBalanceError):
    """No fluxes satisfy the bounds at a steady state."""


class UnboundedError(FluxBalanceError):
    """The objective has no best value: it grows (or falls) without limit."""


@dataclass(frozen=True)
class FluxSolution:
    """Fluxes that are best for an objective. Others may be as good.

    Attributes:
        objective: id of the objective.
        value: its best value.
        fluxes: of every reaction by id, in extent per time.
        variables: values of the parameters that user-defined constraints leave to be chosen.
        objectives: value of every linear objective of the model at these fluxes, by id.
    """

    objective: str
    value: float
    fluxes: Mapping[str, float]
    variables: Mapping[str, float]
    objectives: Mapping[str, float]


def balance_fluxes(network: Network, objective: str | None = None) -> FluxSolution:
    """Finds fluxes of a steady state that are best for an objective.

    A reaction without a lower bound runs forward only, unless it is reversible; without an upper bound it is unlimited.

    Args:
        network: a model with objectives, such as one that `load` reads from a document with the package ``fbc``.
        objective: id of the objective; the active one if not given.

    Raises:
        UnknownElementError: the model has no such objective, or refers to a reaction or a parameter that it lacks.
        InfeasibleError: no fluxes satisfy the bounds at a steady state.
        UnboundedError: the objective has no best value.
        FluxBalanceError: the model has no objective, a bound, a coefficient or a stoichiometry has no value, or a term
            is not linear.
        LoweringError: definitions are circular, or a stoichiometry is missing.
    """
    model = network.flux_balance
    if model is None or not model.objectives:
        raise FluxBalanceError(
            f"the model {network.id!r} has no objective: add network.flux_balance, or use a document with objectives "
            "of the package fbc"
        )
    chosen = _chosen(model, objective)
    return _Programme(network, model).solve(chosen)


def _chosen(model: FluxBalance, name: str | None) -> Objective:
    known = {o.id: o for o in model.objectives}
    name = name or model.active_objective or (next(iter(known)) if len(known) == 1 else None)
    if name is None:
        raise FluxBalanceError(
            f"the model has {len(known)} objectives and none is active: choose one of {', '.join(map(repr, known))}"
        )
    if name not in known:
        raise UnknownElementError(name, known, "objective")
    return known[name]


class _Programme:
    """The constraints of a linear programme; its variables are the reactions, then free parameters."""

    def __init__(self, network: Network, model: FluxBalance) -> None:
        self.network = network
        self.model = model
        self.reactions = {r.id: i for i, r in enumerate(network.reactions)}
        parameters = {p.id: p for p in network.parameters}
        constrained = dict.fromkeys(t.variable for c in model.user_defined_constraints for t in c.components)
        free = [name for name in constrained if name in parameters and not parameters[name].constant]
        self.variables = self.reactions | {name: len(self.reactions) + i for i, name in enumerate(free)}
        system = lower(network)
        self.values = _start(system)
        self.species = len(system.states)
        self.steady = self._steady(system)
        self.lower, self.upper = self._bounds()
        self.inequalities, self.limits = self._constraints()

    def solve(self, objective: Objective) -> FluxSolution:
        weights = self._weights(objective)
        sign = -1.0 if objective.type == "maximize" else 1.0
        result = self._optimise(objective, sign * weights)
        if result.status == 4:  # presolving does not always tell what is infeasible from what is unbounded
            result = self._optimise(objective, sign * weights, presolve=False)
        if result.status == 2:
            raise InfeasibleError(
                f"the objective {objective.id!r} has no solution: no fluxes of a steady state satisfy the bounds; "
                "widen them, or let more species be boundary conditions"
            )
        if result.status == 3:
            raise UnboundedError(
                f"the objective {objective.id!r} can be {objective.type}d without limit: give finite bounds to the "
                "reactions that it depends on"
            )
        if result.status != 0:
            raise FluxBalanceError(f"the objective {objective.id!r} could not be {objective.type}d: {result.message}")
        values = dict(zip(self.variables, map(float, result.x), strict=True))
        return FluxSolution(
            objective=objective.id,
            value=float(weights @ result.x),
            fluxes={name: values[name] for name in self.reactions},
            variables={name: value for name, value in values.items() if name not in self.reactions},
            objectives={o.id: float(self._weights(o) @ result.x) for o in self.model.objectives if _is_linear(o)},
        )

    def _optimise(self, objective: Objective, weights: np.ndarray, presolve: bool = True) -> Any:
        if not self.reactions:
            raise FluxBalanceError(f"the objective {objective.id!r} has no solution: the model has no reactions")
        crossed = np.flatnonzero((self.lower > self.upper) | (self.lower == inf) | (self.upper == -inf))
        if len(crossed):
            at = crossed[0]
            raise InfeasibleError(
                f"the objective {objective.id!r} has no solution: the bounds of {list(self.reactions)[at]!r} are "
                f"{self.lower[at]:g} from below and {self.upper[at]:g} from above; correct them"
            )
        return linprog(
            weights,
            A_ub=self.inequalities,
            b_ub=self.limits,
            A_eq=self.steady,
            b_eq=np.zeros(self.species),
            bounds=np.stack([self.lower, self.upper], axis=-1),
            method="highs",
            options={"presolve": presolve},
        )

    def _weights(self, objective: Objective) -> np.ndarray:
        if objective.type not in ("maximize", "minimize"):
            raise FluxBalanceError(
                f"the objective {objective.id!r} has the type {objective.type!r}, expected maximize or minimize"
            )
        if not _is_linear(objective):
            raise FluxBalanceError(
                f"the objective {objective.id!r} has quadratic terms, which are not supported: use a linear objective"
            )
        weights = np.zeros(len(self.variables))
        for term in objective.flux_objectives:
            coefficient = nan if term.coefficient is None else term.coefficient
            if not isfinite(coefficient):
                raise FluxBalanceError(
                    f"the coefficient of {term.reaction!r} in the objective {objective.id!r} is {coefficient:g}, "
                    "expected a finite number"
                )
            weights[self._index(term.reaction, self.reactions)] += coefficient
        return weights

    def _index(self, name: str, known: Mapping[str, int]) -> int:
        if name not in known:
            raise UnknownElementError(name, known, "reaction of a flux balance")
        return known[name]

    def _value(self, parameter: str, owner: str) -> float:
        """A parameter's value at the start; it may be infinite."""
        if not isinstance(self.network.element(parameter), Parameter):
            raise FluxBalanceError(f"{parameter!r}, to which {owner} refers, is no parameter")
        value = self.values[parameter]
        if isnan(value):
            raise FluxBalanceError(
                f"the parameter {parameter!r}, to which {owner} refers, has no value: give it one, which may be INF"
            )
        return value

    def _steady(self, system: System) -> csr_array:
        """The stoichiometry of all species that reactions change, ``[species, variable]``."""
        entries = [
            (row, self.reactions[jump.id], value) for jump in system.jumps for row, value in jump.stoichiometry.items()
        ]
        values = evaluate([value for _, _, value in entries], self.values)
        for (row, column, _), value in zip(entries, values, strict=True):
            if not isfinite(value):
                raise FluxBalanceError(
                    f"the stoichiometry of {system.states[row].id!r} in reaction {system.jumps[column].id!r} is "
                    f"{value:g}, expected a finite number"
                )
        return self._sparse([(r, c, v) for (r, c, _), v in zip(entries, values, strict=True)], len(system.states))

    def _bounds(self) -> tuple[np.ndarray, np.ndarray]:
        limits = [self._declared(r) for r in self.network.reactions]
        for bound in self.model.flux_bounds:
            at = self._index(bound.reaction, self.reactions)
            if isnan(bound.value) or bound.operation not in ("lessEqual", "greaterEqual", "equal"):
                raise FluxBalanceError(
                    f"the flux bound {bound.id!r} of reaction {bound.reaction!r} is {bound.operation} {bound.value:g}, "
                    "expected lessEqual, greaterEqual or equal, and a number"
                )
            low, high = limits[at]
            if bound.operation != "lessEqual":
                low = bound.value if low is None else max(low, bound.value)
            if bound.operation != "greaterEqual":
                high = bound.value if high is None else min(high, bound.value)
            limits[at] = low, high
        filled = [
            ((-inf if reaction.reversible else 0.0) if low is None else low, inf if high is None else high)
            for reaction, (low, high) in zip(self.network.reactions, limits, strict=True)
        ]
        filled += [(-inf, inf)] * (len(self.variables) - len(self.reactions))
        lows, highs = np.array(filled, dtype=float).reshape(-1, 2).T
        return lows, highs

    def _declared(self, reaction: Reaction) -> tuple[float | None, float | None]:
        """The bounds that the reaction itself has."""
        ends = []
        for which, parameter in (("lower", reaction.lower_flux_bound), ("upper", reaction.upper_flux_bound)):
            owner = f"the {which} flux bound of reaction {reaction.id!r}"
            if parameter is None and self.model.strict:
                raise FluxBalanceError(f"{owner} is missing, although the model is strict: set it, or strict=False")
            ends.append(None if parameter is None else self._value(parameter, owner))
        return ends[0], ends[1]

    def _constraints(self) -> tuple[csr_array, np.ndarray]:
        """The user-defined constraints as ``matrix · variables ≤ limits``."""
        entries: list[tuple[int, int, float]] = []
        limits: list[float] = []
        for constraint in self.model.user_defined_constraints:
            owner = f"the constraint {constraint.id!r}"
            terms = []
            for term in constraint.components:
                if term.variable_type != "linear":
                    raise FluxBalanceError(f"{owner} has quadratic terms, which are not supported: use linear ones")
                coefficient = self._value(term.coefficient, owner)
                if not isfinite(coefficient):
                    raise FluxBalanceError(f"{owner} has the coefficient {coefficient:g}, expected a finite number")
                terms.append((self._index(term.variable, self.variables), coefficient))
            ends = self._value(constraint.lower_bound, owner), self._value(constraint.upper_bound, owner)
            for sign, limit in zip((-1.0, 1.0), ends, strict=True):
                if sign * limit != inf:
                    entries += [(len(limits), column, sign * coefficient) for column, coefficient in terms]
                    limits.append(sign * limit)
        return self._sparse(entries, len(limits)), np.array(limits)

    def _sparse(self, entries: Sequence[tuple[int, int, float]], rows: int) -> csr_array:
        values = np.array(entries, dtype=float).reshape(-1, 3)
        at = values[:, :2].astype(int).T
        return csr_array((values[:, 2], (at[0], at[1])), shape=(rows, len(self.variables)))


def _is_linear(objective: Objective) -> bool:
    return all(term.variable_type == "linear" for term in objective.flux_objectives)


def _start(system: System) -> dict[str, float]:
    """Values at the start: of the symbols of the network, and of the leaves of the system's expressions."""

    def leaves(of: Iterable[Any]) -> list[str]:
        return [str(x.leaf.value) for x in of]

    known = dict(zip(leaves(system.parameters), (p.value for p in system.parameters), strict=True))
    known |= zip(leaves(system.states), evaluate(system.initial, known), strict=True)
    known |= zip(leaves(system.delays), evaluate([d.before for d in system.delays], known), strict=True)
    return known | dict(zip(system.observables, evaluate(system.observables.values(), known), strict=True))

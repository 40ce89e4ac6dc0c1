"""`Model`: a system as a torch module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from sbmlgrn.backends.torch.function import VectorFunction
from sbmlgrn.expr import Expr, Turn, free_symbols
from sbmlgrn.lower import Quantity, System
from sbmlgrn.network import UnknownElementError

_REPORTS = ("observe", "amounts", "concentrations")


class Model(nn.Module):
    """Right-hand side, propensities, initial state and observables of a network, batched and differentiable.

    Every method takes tensors whose leading axes broadcast, on the module's device and dtype. Values are in the
    units of the network; states of species are amounts (see `state_quantities`). Where the network has delays, the
    values of the past follow the parameters along the last axis of `p` (`System.delays`), and so do random values
    (`System.draws`); symbols that only report those are NaN without.

    Attributes:
        system: the equations.
        state_ids, parameter_ids, observable_ids, reaction_ids: what the entries of each vector are.
        state_quantities: whether each state is an amount, a concentration or another value.
        parameters_default: ``[parameter]``, the network's own values.
    """

    parameters_default: Tensor

    def __init__(self, system: System, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float64) -> None:
        super().__init__()
        self.system = system
        self.state_ids: tuple[str, ...] = tuple(s.id for s in system.states)
        self.state_quantities: tuple[Quantity, ...] = tuple(s.quantity for s in system.states)
        self.parameter_ids: tuple[str, ...] = tuple(p.id for p in system.parameters)
        self.observable_ids: tuple[str, ...] = tuple(system.observables)
        self.reaction_ids: tuple[str, ...] = tuple(j.id for j in system.jumps)
        values = [p.value for p in system.parameters]
        self.register_buffer("parameters_default", torch.tensor(values, dtype=dtype, device=device))
        self._functions: dict[object, VectorFunction] = {}
        self._look_back: set[object] = set()

    def __getstate__(self) -> dict[str, object]:
        """What a copy or a pickle takes along: all but what is compiled, which is made again when it is asked for."""
        return {**self.__dict__, "_functions": {}, "_look_back": set()}

    def rhs(self, t: Tensor | float, y: Tensor, p: Tensor) -> Tensor:
        """dy/dt ``[..., state]`` at time `t` ``[...]``, state `y` ``[..., state]`` and `p` ``[..., parameter]``."""
        return self._evaluate("rhs", self.system.rhs, t, y, p)

    def propensities(self, t: Tensor | float, y: Tensor, p: Tensor) -> Tensor:
        """Rate of every reaction, extent per time ``[..., reaction]``, in the order of `reaction_ids`."""
        return self._evaluate("propensities", [j.rate for j in self.system.jumps], t, y, p)

    def initial(self, p: Tensor) -> Tensor:
        """State at the start ``[..., state]`` for parameters `p` ``[..., parameter]``."""
        return self._evaluate("initial", self.system.initial, 0.0, p.new_zeros(len(self.state_ids)), p)

    def scales(self, p: Tensor) -> Tensor:
        """What one unit of each state's symbol is worth in the state ``[..., state]``; see `System.scales`."""
        return self._evaluate("scales", self.system.scales, 0.0, p.new_zeros(len(self.state_ids)), p)

    def observe(self, t: Tensor | float, y: Tensor, p: Tensor, ids: Sequence[str] | None = None) -> Tensor:
        """Values of the symbols `ids` (all of `observable_ids` if not given) ``[..., symbol]``.

        Raises:
            UnknownElementError: the model has no such symbol.
        """
        table = self.system.observables
        return self._select("observe", table, self.observable_ids if ids is None else ids, t, y, p)

    def amounts(self, t: Tensor | float, y: Tensor, p: Tensor, ids: Sequence[str]) -> Tensor:
        """Amounts of the species `ids` ``[..., species]``.

        Raises:
            UnknownElementError: the model has no such species.
        """
        return self._select("amounts", self.system.amounts, ids, t, y, p)

    def concentrations(self, t: Tensor | float, y: Tensor, p: Tensor, ids: Sequence[str]) -> Tensor:
        """Concentrations of the species `ids` ``[..., species]``.

        Raises:
            UnknownElementError: the model has no such species, or its compartment has no size.
        """
        return self._select("concentrations", self.system.concentrations, ids, t, y, p)

    def project(self, t: Tensor | float, y: Tensor, p: Tensor) -> Tensor:
        """The state ``[..., state]`` with what algebraic equations tie to the rest brought up to date after a jump."""
        projection = self.system.projection
        if not projection:
            return y
        values = self._evaluate("project", tuple(projection.values()), t, y, p)
        return y.index_copy(-1, torch.tensor(tuple(projection), device=y.device), values)

    def margin(self, turn: Turn, t: Tensor | float, y: Tensor, p: Tensor) -> Tensor:
        """What passes a threshold at one of `System.turns`, `Turn.margin` ``[...]``."""
        return self._evaluate(("margin", turn.margin), [turn.margin], t, y, p)[..., 0]

    def settled(self, t: Tensor | float, y: Tensor, p: Tensor, extents: Tensor) -> Tensor:
        """The state ``[..., state]`` after fast reactions have gone from `y` to their equilibrium.

        Args:
            t, y, p: where they start.
            extents: how far they go, nearly ``[fast]``; one step of Newton's method leads to the equilibrium, and makes
                it a function of the arguments in derivative.
        """
        there = self._moved(t, y, p, extents)
        correction = self._evaluate("corrections", [r.correction for r in self.system.fast], t, there, p)
        return self._moved(t, there, p, correction)

    def _moved(self, t: Tensor | float, y: Tensor, p: Tensor, extents: Tensor) -> Tensor:
        places = [(i, j) for j, r in enumerate(self.system.fast) for i in r.stoichiometry]
        if not places:
            return self.project(t, y, p)
        values = self._evaluate("moves", [v for r in self.system.fast for v in r.stoichiometry.values()], t, y, p)
        rows, columns = (torch.tensor(k, device=y.device).long() for k in zip(*places, strict=True))
        moved = y.index_add(-1, rows, values * extents[..., columns])
        return self.project(t, moved, p)

    def event_delay(self, event: int, t: Tensor | float, y: Tensor, p: Tensor) -> Tensor:
        """Time ``[...]`` from trigger to execution of an event, by its position in `System.transitions`."""
        return self._evaluate(("delay", event), [self.system.transitions[event].delay], t, y, p)[..., 0]

    def event_values(self, event: int, t: Tensor | float, y: Tensor, p: Tensor) -> Tensor:
        """What an event assigns ``[..., assignment]``, in the order of the keys of `Transition.values`."""
        return self._evaluate(("values", event), tuple(self.system.transitions[event].values.values()), t, y, p)

    def forward(self, t: Tensor | float, y: Tensor, p: Tensor) -> Tensor:
        """`rhs`, so that the module itself is a vector field."""
        return self.rhs(t, y, p)

    def parameter_vector(self, values: Tensor | Mapping[str, Tensor | float] | None = None) -> Tensor:
        """A full parameter vector ``[parameter]`` or ``[batch, parameter]``.

        Args:
            values: such a vector; or values by name, numbers or tensors ``[]`` or ``[batch]``, for those that differ
                from the network's own; autograd history is kept.

        Raises:
            UnknownElementError: a name is not among `parameter_ids`.
            ValueError: a shape does not fit.
        """
        default = self.parameters_default
        if values is None:
            return default
        if isinstance(values, Tensor):
            if values.ndim not in (1, 2) or values.shape[-1] != len(default):
                raise ValueError(
                    f"parameters have shape {tuple(values.shape)}, expected [{len(default)}] or "
                    f"[batch, {len(default)}], in the order of model.parameter_ids"
                )
            return values.to(default)
        position = {name: i for i, name in enumerate(self.parameter_ids)}
        columns: list[Tensor] = []
        for name, value in values.items():
            if name not in position:
                raise UnknownElementError(name, position, "parameter")
            column = torch.as_tensor(value, dtype=default.dtype, device=default.device)
            if column.ndim > 1:
                raise ValueError(f"parameter {name!r} has shape {tuple(column.shape)}, expected [] or [batch]")
            columns.append(column)
        if not columns:
            return default
        try:
            given = torch.stack(torch.broadcast_tensors(*columns), -1)
        except RuntimeError:
            shapes = {name: tuple(c.shape) for name, c in zip(values, columns, strict=True)}
            raise ValueError(
                f"parameters differ in batch size: {shapes}; give one number or one value per trajectory"
            ) from None
        index = torch.tensor([position[name] for name in values], device=default.device)
        return default.expand(*given.shape[:-1], -1).index_copy(-1, index, given)

    def _select(
        self, what: str, table: Mapping[str, Expr], ids: Sequence[str], t: Tensor | float, y: Tensor, p: Tensor
    ) -> Tensor:
        for name in ids:
            if name not in table:
                raise UnknownElementError(name, table, "species" if what != "observe" else "symbol")
        return self._evaluate((what, tuple(ids)), [table[name] for name in ids], t, y, p)

    def _evaluate(self, key: object, outputs: Sequence[Expr], t: Tensor | float, y: Tensor, p: Tensor) -> Tensor:
        function = self._functions.get(key)
        if function is None:
            name = key if isinstance(key, str) else "select"
            states = [s.leaf for s in self.system.states]
            system = self.system
            leaves = [p.leaf for p in (*system.parameters, *system.delays, *system.draws)]
            function = VectorFunction(name, outputs, states, leaves)
            self._functions[key] = function
            used = free_symbols(*outputs)
            if used & {str(d.leaf.value) for d in system.delays}:
                self._look_back.add(key)
        if key in self._look_back and p.shape[-1] == len(self.parameter_ids):
            raise ValueError(
                f"the model has delays, so p must hold {len(self.parameter_ids)} parameters and then "
                f"{len(self.system.delays)} values of the past along its last axis, but its shape is {tuple(p.shape)}; "
                "simulate the model, or append the values"
            )
        if self.system.draws:
            p = self._with_draws(key, outputs, p)
        return function(torch.as_tensor(t, dtype=y.dtype, device=y.device), y, p)

    def _with_draws(self, key: object, outputs: Sequence[Expr], p: Tensor) -> Tensor:
        """`p` with NaN for random values, where it has none and they are only reported."""
        missing = len(self.parameter_ids) + len(self.system.delays) + len(self.system.draws) - p.shape[-1]
        if missing <= 0:
            return p
        if not (isinstance(key, tuple) and key[0] in _REPORTS):
            self.system.require_certain(*outputs)
        return torch.cat([p, p.new_full((*p.shape[:-1], missing), torch.nan)], -1)

"""`Network` → `System`: who is a state, what everything else is worth, and how fast each state changes.

Amounts are the states of species that take part in reactions, so that a reaction between compartments, or in one
whose size changes, conserves them (SBML L3V2 Core, 4.11.7). A species under a rate rule is integrated as what its
symbol means (4.9.4).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from math import isnan, nan

from sbmlgrn.expr import (
    DRAWS,
    ONE,
    TIME,
    ZERO,
    Expr,
    add,
    as_condition,
    as_number,
    constant,
    derivative,
    divide,
    free_symbols,
    multiply,
    negate,
    rewrite,
    substitute,
    subtract,
    symbol,
    tangent,
)
from sbmlgrn.lower.algebraic import SingularError, is_linear, match, partials, solve, solve_linear
from sbmlgrn.lower.draws import Draws
from sbmlgrn.lower.equilibrium import Equilibrium, constraints, fast_reactions, held, proportional
from sbmlgrn.lower.functions import drawing, functions, numbers, with_separate_calls
from sbmlgrn.lower.resolve import Formula, resolve
from sbmlgrn.lower.system import Delay, Jump, LoweringError, Quantity, State, System, SystemParameter, Transition
from sbmlgrn.network import AlgebraicRule, AssignmentRule, Network, RateRule, Reaction, Species, SpeciesReference

_RATE = "rate_of:"
_NO_SYMBOLS = ("algebraic:", "d:", "past:", "draw:", _RATE)  # how names begin that are none of the network's
_MOST_CALLS = 100_000
"""Of functions with different arguments: twenty functions suffice for a million, if each calls the one before twice."""


def lower(network: Network, *, chance: bool = False) -> System:
    """The equations of `network`.

    Args:
        network: what is lowered.
        chance: whether equations may depend on random values. If not, one on which none depends is NaN.

    Raises:
        LoweringError: definitions are circular, or something that the equations need has no value.
        RandomValueError: something that the equations need has a random value, and may not.
    """
    lowering = _Lowering(network)
    system = lowering.system()
    return system if chance else lowering.draws.without(system)


class _Lowering:
    def __init__(self, network: Network) -> None:
        self.network = network
        self.functions = functions(network)
        self.drawing = drawing(self.functions)
        self.calls = numbers(_MOST_CALLS)
        self.applied: dict[tuple[str, tuple[Expr, ...], str], Expr] = {}
        self.delays: dict[tuple[Expr, ...], Expr] = {}
        self.draws = Draws(network)
        self.assigned = self._formulas((r.variable, r.math) for r in network.rules if isinstance(r, AssignmentRule))
        self.rates = self._formulas((r.variable, r.math) for r in network.rules if isinstance(r, RateRule))
        self.started = self._formulas((a.symbol, a.math) for a in network.initial_assignments)
        self.laws = {r.id: ZERO for r in network.reactions}
        self.laws |= self._formulas((r.id, r.kinetic_law) for r in network.reactions)
        self.events = [e for e in network.events if e.trigger is not None]
        self.assigned_by_events = {a.variable for e in self.events for a in e.assignments}
        self.algebraic = [
            self._number(r.math, f"algebraic rule {i + 1}")
            for i, r in enumerate(r for r in network.rules if isinstance(r, AlgebraicRule))
            if r.math is not None
        ]
        self.species = {s.id: s for s in network.species}
        self.references: dict[str, SpeciesReference] = {
            ref.id: ref for r in network.reactions for ref in (*r.reactants, *r.products) if ref.id
        }
        self.changes = self._changes()
        self.fast = [r.id for r in network.reactions if r.fast and r.kinetic_law is not None]
        self.rapid = {n for r in network.reactions if r.fast for n in self._net_stoichiometry(r)}
        self.unknowns = {name: symbol(f"u:{name}") for name in self._unknowns()}
        self.parameters: dict[str, SystemParameter] = {}
        self._collect_parameters()
        self.states = self._states()

    def _formulas(self, definitions: Iterable[tuple[str, Expr | None]]) -> dict[str, Expr]:
        """Formulas by what they define. One without mathematics has no effect (SBML L3V2 Core, 4.9.1)."""
        return {name: self._number(math, name) for name, math in definitions if math is not None}

    def _number(self, math: Expr, owner: str) -> Expr:
        """`math` expanded, as a number where it is a truth value (SBML L3V2 Core, 3.4.9)."""
        return as_number(self._expand(math, owner))

    def _expand(self, math: Expr, owner: str) -> Expr:
        """`math` with functions expanded, and ``rateOf x`` and ``delay(x, lag)`` turned into symbols of their own."""

        def rule(node: Expr, args: tuple[Expr, ...]) -> Expr | None:
            if node.op == "call":
                return self._apply(str(node.value), args, owner)
            if node.op == "rate_of":
                if args[0].op != "symbol":
                    raise LoweringError(owner, f"rateOf in the formula of {owner!r} takes a symbol, not {args[0]!r}")
                return symbol(f"{_RATE}{args[0].value}")
            if node.op == "delay":
                return self.delays.setdefault(tuple(map(as_number, args)), symbol(f"d:{len(self.delays)}"))
            if node.op in DRAWS:
                return self.draws.value(node, args, owner)
            return None

        if self.drawing:  # every call draws anew
            math = with_separate_calls(math, self.drawing, self.calls)
        return rewrite([math], rule)[0]

    def _apply(self, call: str, args: tuple[Expr, ...], owner: str) -> Expr:
        name = call.partition("#")[0]
        if name not in self.functions:
            raise LoweringError(
                owner, f"the formula of {owner!r} calls {name!r}, which no function definition declares"
            )
        arguments, body = self.functions[name]
        if len(arguments) != len(args):
            raise LoweringError(
                owner, f"the formula of {owner!r} calls {name!r} with {len(args)} arguments; it takes {len(arguments)}"
            )
        key = call, args, owner
        if key not in self.applied:
            if len(self.applied) == _MOST_CALLS:
                raise LoweringError(
                    owner, f"the formula of {owner!r} leads to more than {_MOST_CALLS:,} different calls of functions"
                )
            self.applied[key] = self._expand(substitute([body], dict(zip(arguments, args, strict=True)))[0], owner)
        return self.applied[key]

    def _changes(self) -> dict[str, Expr]:
        """Species that reactions change → rate of change of their amount."""
        terms: dict[str, list[Expr]] = {}
        for reaction in self.network.reactions:
            for name, net in ({} if reaction.fast else self._net_stoichiometry(reaction)).items():
                terms.setdefault(name, []).append(multiply(net, symbol(reaction.id)))
        return {name: self._converted(name, add(*parts)) for name, parts in terms.items()}

    def _converted(self, name: str, rate: Expr) -> Expr:
        factor = self.species[name].conversion_factor or self.network.conversion_factor
        return multiply(symbol(factor), rate) if factor else rate

    def _net_stoichiometry(self, reaction: Reaction) -> dict[str, Expr]:
        net: dict[str, Expr] = {}
        for references, sign in ((reaction.reactants, -1), (reaction.products, 1)):
            for reference in references:
                species = self.species.get(reference.species)
                if species is None:
                    raise LoweringError(
                        reaction.id, f"reaction {reaction.id!r} refers to {reference.species!r}, which is no species"
                    )
                if species.boundary_condition or species.constant:
                    continue
                value = self._stoichiometry(reaction, reference)
                signed = negate(value) if sign < 0 else value
                net[species.id] = add(net[species.id], signed) if species.id in net else signed
        return {name: value for name, value in net.items() if value is not ZERO}

    def _stoichiometry(self, reaction: Reaction, reference: SpeciesReference) -> Expr:
        if reference.stoichiometry_math is not None:
            return self._number(reference.stoichiometry_math, reaction.id)
        if reference.id and self._is_variable(reference.id):
            return symbol(reference.id)
        if reference.stoichiometry is None:
            raise LoweringError(
                reaction.id,
                f"the stoichiometry of {reference.species!r} in reaction {reaction.id!r} has no value; "
                "set it, or assign it by a rule or an initial assignment",
            )
        return constant(reference.stoichiometry)

    def _unknowns(self) -> list[str]:
        """The symbol that each algebraic rule determines: a variable that nothing else does."""
        candidates = [
            sorted(filter(self._is_free, self._reached(rule)), key=partial(self._reluctance, free_symbols(rule)))
            for rule in self.algebraic
        ]
        try:
            return match(candidates)
        except SingularError as error:
            raise LoweringError(
                f"algebraic rule {error.row + 1}",
                f"the model is overdetermined: algebraic rule {error.row + 1} (0 = {self.algebraic[error.row]!r}) "
                "leaves no variable to determine; make one of its symbols variable (constant=false), or remove another "
                "rule for it",
            ) from None

    def _reluctance(self, mentioned: frozenset[str], name: str) -> tuple[bool, bool, bool, str]:
        """Among the symbols that a rule could determine, those come first that nothing else gives a value."""
        element = self.network.by_id[name]
        valued = any(getattr(element, a, None) is not None for a in ("value", "size"))
        return name in self.assigned_by_events, name not in mentioned, valued or name in self.started, name

    def _reached(self, math: Expr) -> set[str]:
        """Symbols in a formula, and in the definitions of those."""
        reached: set[str] = set()
        queue = [math]
        while queue:
            for name in free_symbols(queue.pop()) - reached:
                reached.add(name)
                definition = self.assigned.get(name, self.laws.get(name))
                if definition is not None:
                    queue.append(definition)
        return reached

    def _is_free(self, name: str) -> bool:
        """Whether a symbol may vary and no rule and no reaction says how."""
        element = self.network.by_id.get(name)
        return getattr(element, "constant", True) is False and not any(
            name in table for table in (self.assigned, self.rates, self.changes, self.rapid)
        )

    def _is_variable(self, reference: str) -> bool:
        """Whether a species reference has another stoichiometry than its own attribute, now or later."""
        constrained = {name for rule in self.algebraic for name in self._reached(rule)}
        tables = (self.assigned, self.rates, self.started, self.assigned_by_events, constrained)
        return any(reference in table for table in tables)

    def _collect_parameters(self) -> None:
        network = self.network
        for c in network.compartments:
            self._add_parameter(c.id, 1.0 if c.size is None else c.size, c.units, Quantity.VALUE)
        for s in network.species:
            quantity = Quantity.CONCENTRATION if _given_as_concentration(s) else Quantity.AMOUNT
            value = s.initial_concentration if quantity is Quantity.CONCENTRATION else s.initial_amount
            self._add_parameter(s.id, value, s.substance_units, quantity)
        for p in network.parameters:
            self._add_parameter(p.id, p.value, p.units, Quantity.VALUE)
        for r in network.reactions:
            for p in r.local_parameters:
                self._add_parameter(f"{r.id}.{p.id}", p.value, p.units, Quantity.VALUE)

    def _add_parameter(self, name: str, value: float | None, units: str | None, quantity: Quantity) -> None:
        if name not in self.assigned and name not in self.started:
            self.parameters[name] = SystemParameter(
                name, quantity, nan if value is None else float(value), units, symbol(f"p:{name}")
            )

    def _states(self) -> dict[str, State]:
        states: dict[str, State] = {}
        for name in dict.fromkeys((*self.species, *self.rates, *sorted(self.assigned_by_events))):
            if name in self.rates:
                species = self.species.get(name)
                quantity = Quantity.VALUE if species is None else self._meaning(species)
            elif name in self.unknowns:
                continue
            elif name in self.species and name not in self.assigned:
                if not any(name in table for table in (self.changes, self.rapid, self.assigned_by_events)):
                    continue
                quantity = Quantity.AMOUNT
            elif name in self.assigned_by_events and name not in self.assigned:
                quantity = Quantity.VALUE
            else:
                continue
            states[name] = State(name, quantity, symbol(f"y:{name}"))
        return states

    def _meaning(self, species: Species) -> Quantity:
        return Quantity.AMOUNT if self._size(species) is None else Quantity.CONCENTRATION

    def _size(self, species: Species) -> Expr | None:
        """The compartment's size as a symbol if the species' symbol is a concentration, else ``None``."""
        if species.has_only_substance_units:
            return None
        return self._compartment_size(species)

    def _compartment_size(self, species: Species) -> Expr | None:
        compartment = next((c for c in self.network.compartments if c.id == species.compartment), None)
        if compartment is None:
            raise LoweringError(
                species.id, f"species {species.id!r} is in compartment {species.compartment!r}, which does not exist"
            )
        return None if compartment.spatial_dimensions == 0 else symbol(compartment.id)

    def _is_fixed(self, name: str) -> bool:
        """Whether a compartment keeps its initial size."""
        return not any(name in table for table in (self.assigned, self.rates, self.assigned_by_events, self.unknowns))

    def _at_start(self) -> dict[str, Expr]:
        """Definition of every symbol's initial value."""
        definitions: dict[str, Expr] = {}
        for name in (*(c.id for c in self.network.compartments), *(p.id for p in self.network.parameters)):
            definitions[name] = self._own_start(name)
        for name, reference in self.references.items():
            definitions[name] = self._own_start(name, reference.stoichiometry)
        for name, species in self.species.items():
            start = self._own_start(name)
            size = self._size(species)
            if name in self.unknowns:
                start = self.unknowns[name]
            elif name in self.parameters and size is not None and not _given_as_concentration(species):
                start = divide(start, size)
            elif name in self.parameters and size is None and _given_as_concentration(species):
                start = multiply(start, self._compartment_size(species) or ONE)
            definitions[name] = start
        definitions |= {f"algebraic:{i}": rule for i, rule in enumerate(self.algebraic)}
        definitions |= self.laws
        definitions |= {name: p.leaf for name, p in self.parameters.items() if "." in name}
        return definitions | self._looked_up()

    def _looked_up(self) -> dict[str, Expr]:
        """What delays look up, and how far back."""
        values = {f"past:{leaf.value}:value": value for (value, _), leaf in self.delays.items()}
        return values | {f"past:{leaf.value}:lag": lag for (_, lag), leaf in self.delays.items()}

    def _before_start(self) -> dict[str, Expr]:
        """Resolved definition of every symbol at any time before the start: what holds at the start, at that time.

        Nothing moves then but what is a function of time, so that rates are derivatives by time alone.
        """

        def shifted(leaf: str, done: Mapping[str, Expr]) -> Expr:
            then = subtract(TIME, done[f"past:{leaf}:lag"])
            return substitute([done[f"past:{leaf}:value"]], {}, time=then)[0]

        leaves = {str(leaf.value) for leaf in self.delays.values()}
        formulas: dict[str, Formula] = {
            leaf: (frozenset({f"past:{leaf}:value", f"past:{leaf}:lag"}), partial(shifted, leaf)) for leaf in leaves
        }
        start = self._at_start()
        for name in free_symbols(*start.values()):
            if name.startswith(_RATE):
                of = name.removeprefix(_RATE)
                formulas[name] = frozenset({of}), lambda done, of=of: derivative(done[of], TIME)
        return resolve(start, formulas)

    def _own_start(self, name: str, stoichiometry: float | None = None) -> Expr:
        if name in self.unknowns:
            return self.unknowns[name]
        if name in self.started:
            return self.started[name]
        if name in self.assigned:
            return self.assigned[name]
        if name in self.parameters:
            return self.parameters[name].leaf
        return constant(nan if stoichiometry is None else stoichiometry)

    def _over_time(self, start: Mapping[str, Expr]) -> dict[str, Expr]:
        """Definition of every symbol's value at any time; `start` holds resolved initial values."""
        definitions: dict[str, Expr] = {}
        for name in start:
            if name in self.species or name in self.laws or name.startswith(_NO_SYMBOLS):
                continue
            state = self.states.get(name)
            definitions[name] = state.leaf if state else self.unknowns.get(name) or self.assigned.get(name, start[name])
        for name, species in self.species.items():
            definitions[name] = self._species_over_time(species, start)
        return definitions | self.laws

    def _species_over_time(self, species: Species, start: Mapping[str, Expr]) -> Expr:
        name, size = species.id, self._size(species)
        state = self.states.get(name)
        if name in self.assigned:
            return self.assigned[name]
        if name in self.unknowns:
            return self.unknowns[name]
        if state is None:
            if size is None or self._is_fixed(species.compartment):
                return start[name]
            return divide(multiply(start[name], start[species.compartment]), size)
        return state.leaf if name in self.rates or size is None else divide(state.leaf, size)

    def _rate(self, name: str) -> Expr:
        """Definition of d(symbol)/dt, over the symbols of the network and the ``rate_of:`` symbols."""
        if name in self.rates:
            return self.rates[name]
        species = self.species.get(name)
        if name in self.assigned or (species is None and name not in self.network.by_id):
            raise LoweringError(name, f"rateOf {name!r} is not defined: an assignment rule determines {name!r}")
        if species is None:
            return ZERO
        flow = self.changes.get(name, ZERO)
        size = self._size(species)
        if size is None:
            return flow
        if self._is_fixed(species.compartment):
            return ZERO if flow is ZERO else divide(flow, size)
        return divide(subtract(flow, multiply(symbol(name), symbol(f"{_RATE}{species.compartment}"))), size)

    def _resolve(self, definitions: Mapping[str, Expr]) -> dict[str, Expr]:
        """Definitions in terms of leaves: parameters, states and time."""
        table = dict(definitions)
        queue = list(table.values())
        while queue:  # a rate is defined where it is asked for
            for name in free_symbols(queue.pop()):
                if name.startswith(_RATE) and name not in table:
                    table[name] = self._rate(name.removeprefix(_RATE))
                    queue.append(table[name])
        return resolve(table)

    def system(self) -> System:
        events = self._event_formulas()  # first, since it may find delays
        before = self._before_start() if self.delays else {}
        before = self._with_unknowns(before, self._guesses(before)) if before else {}
        past = {str(leaf.value): before[str(leaf.value)] for leaf in self.delays.values()}
        start = self._resolve(self._at_start() | past | self.draws.operands())
        start = dict(zip(start, substitute(start.values(), {}, time=ZERO), strict=True))
        start = self.draws.at_start(self._with_unknowns(start, self._guesses(start)))
        definitions = self._over_time(start)
        flows = {f"flow:{n}": self.rates.get(n, self.changes.get(n, ZERO)) for n in self.states}
        flows |= {f"algebraic:{i}": rule for i, rule in enumerate(self.algebraic)}
        nets = {r.id: self._net_stoichiometry(r) for r in self.network.reactions}
        jumps = {
            f"jump:{r}:{n}": self._converted(n, value)
            for r, net in nets.items()
            for n, value in net.items()
            if n in self.states
        }
        values = self._resolve(definitions | flows | jumps | events | self._looked_up() | self.draws.operands())
        values, projection = self._reduced(values)
        leaves = {n: s.leaf for n, s in self.states.items()}
        laws = {n: values[f"algebraic:{i}"] for i, n in enumerate(self.unknowns) if n in projection}
        rules = [Equilibrium(n, law, {n: ONE}, is_rule=True) for n, law in laws.items()]
        changes = {r: {n: values[f"jump:{r}:{n}"] for n in nets[r] if n in self.states} for r in self.fast}
        fast = proportional([Equilibrium(r, values[r], change) for r, change in changes.items()], leaves)
        if fast:
            flows = {n: ZERO if n in laws else values[f"flow:{n}"] for n in self.states}
            values |= {f"flow:{n}": e for n, e in held([*rules, *fast], leaves, flows).items()}
        self._require_known(values, (*definitions, *events))
        amounts, concentrations = self._species_values(values)
        index = {name: i for i, name in enumerate(self.states)}
        system = System(
            states=tuple(self.states.values()),
            parameters=tuple(self.parameters.values()),
            initial=tuple(self._initial_state(s, start) for s in self.states.values()),
            scales=tuple(self._scale(s, start) for s in self.states.values()),
            rhs=tuple(values[f"flow:{n}"] for n in self.states),
            projection={index[n]: e for n, e in projection.items()},
            constraints=constraints(rules, leaves),
            observables={n: values[n] for n in definitions},
            amounts=amounts,
            concentrations=concentrations,
            jumps=tuple(
                Jump(r, values[r], {index[n]: values[f"jump:{r}:{n}"] for n in net if n in index})
                for r, net in nets.items()
            ),
            fast=fast_reactions([*rules, *fast], leaves) if fast else (),
            transitions=tuple(self._transition(i, values, index) for i in range(len(self.events))),
            delays=tuple(
                Delay(values[f"past:{n}:value"], before[f"past:{n}:value"], values[f"past:{n}:lag"], leaf)
                for n, leaf in zip(past, self.delays.values(), strict=True)
            ),
        )
        return self.draws.with_draws(system, start, values)

    def _guesses(self, start: Mapping[str, Expr]) -> list[Expr]:
        """Where Newton's method starts: at the unknowns' own initial values, or 1."""
        guesses = []
        for name in self.unknowns:
            parameter = self.parameters.get(name)
            own = self.started.get(name) or (parameter.leaf if parameter and not isnan(parameter.value) else ONE)
            guesses.append(ONE if free_symbols(own) - {str(p.leaf.value) for p in self.parameters.values()} else own)
        return guesses

    def _with_unknowns(self, values: Mapping[str, Expr], guesses: Sequence[Expr]) -> dict[str, Expr]:
        """`values` with the algebraic rules among them solved for the unknowns."""
        if not self.unknowns:
            return dict(values)
        solution = self._solved(values, list(self.unknowns.values()), guesses)
        table = {f"u:{n}": e for n, e in zip(self.unknowns, solution, strict=True)}
        return dict(zip(values, substitute(values.values(), table), strict=True))

    def _solved(self, values: Mapping[str, Expr], leaves: Sequence[Expr], guesses: Sequence[Expr]) -> list[Expr]:
        try:
            return solve([values[f"algebraic:{i}"] for i in range(len(self.algebraic))], leaves, guesses)
        except SingularError as error:
            name = list(self.unknowns)[error.row]
            raise LoweringError(name, f"the algebraic rules do not determine {name!r}") from None

    def _reduced(self, values: dict[str, Expr]) -> tuple[dict[str, Expr], dict[str, Expr]]:
        """The equations without unknowns, and how to bring states back onto the algebraic rules after an event.

        Unknowns of linear rules are eliminated. Those of nonlinear rules become states, whose derivatives follow from
        that of the rules.
        """
        rules = [values[f"algebraic:{i}"] for i in range(len(self.algebraic))]
        if is_linear(rules, list(self.unknowns.values())):
            return self._with_unknowns(values, [ZERO] * len(rules)), {}
        for name in self.unknowns:
            species = self.species.get(name)
            quantity = self._meaning(species) if species else Quantity.VALUE
            self.states[name] = State(name, quantity, symbol(f"y:{name}"))
        leaves = [self.states[name].leaf for name in self.unknowns]
        table = {f"u:{name}": leaf for name, leaf in zip(self.unknowns, leaves, strict=True)}
        values = dict(zip(values, substitute(values.values(), table), strict=True))
        rules = [values[f"algebraic:{i}"] for i in range(len(self.algebraic))]
        seeds = {s.leaf: values[f"flow:{n}"] for n, s in self.states.items() if n not in self.unknowns}
        drift = tangent(rules, seeds | {TIME: ONE})
        rates = solve_linear(partials(rules, leaves), [negate(d) for d in drift])
        values |= {f"flow:{name}": rate for name, rate in zip(self.unknowns, rates, strict=True)}
        return values, dict(zip(self.unknowns, self._solved(values, leaves, leaves), strict=True))

    def _event_formulas(self) -> dict[str, Expr]:
        """Formulas of the events under names of their own."""
        table: dict[str, Expr] = {}
        for i, event in enumerate(self.events):
            owner = event.id or f"event {i + 1}"
            if event.trigger is not None:
                table[f"event:{i}:trigger"] = self._expand(event.trigger, owner)
            numbers = {"delay": event.delay, "priority": event.priority}
            table |= {f"event:{i}:{n}": self._number(math, owner) for n, math in numbers.items() if math is not None}
            new = {a.variable: self._number(a.math, owner) for a in event.assignments if a.math is not None}
            for name in new:
                if name not in self.states:
                    raise LoweringError(owner, f"{owner!r} assigns {name!r}, which is no variable of the model")
            values = new | {n: symbol(n) for n in self._diluted(new)}
            table |= {f"event:{i}:value:{n}": self._as_state(n, value, new) for n, value in values.items()}
        return table

    def _diluted(self, new: Mapping[str, Expr]) -> list[str]:
        """Species integrated as concentrations whose compartment an event changes, while their amount stays."""
        return [
            n
            for n, state in self.states.items()
            if state.quantity is Quantity.CONCENTRATION and n not in new and self.species[n].compartment in new
        ]

    def _as_state(self, name: str, value: Expr, new: Mapping[str, Expr]) -> Expr:
        """What an event makes of a state: an assigned concentration is one in the compartment as it was before."""
        species = self.species.get(name)
        if species is None or self._size(species) is None:
            return value
        size = symbol(species.compartment)
        if self.states[name].quantity is Quantity.AMOUNT:
            return multiply(value, size)
        return divide(multiply(value, size), new[species.compartment]) if species.compartment in new else value

    def _transition(self, i: int, values: Mapping[str, Expr], index: Mapping[str, int]) -> Transition:
        event, prefix = self.events[i], f"event:{i}:value:"
        return Transition(
            id=event.id,
            trigger=as_condition(values[f"event:{i}:trigger"]),
            initial_value=event.initial_value,
            persistent=event.persistent,
            delay=values.get(f"event:{i}:delay", ZERO),
            priority=values.get(f"event:{i}:priority"),
            at_trigger=event.use_values_from_trigger_time,
            values={index[n.removeprefix(prefix)]: e for n, e in values.items() if n.startswith(prefix)},
        )

    def _require_known(self, values: Mapping[str, Expr], definitions: Iterable[str]) -> None:
        leaves = {s.leaf for s in self.states.values()} | {p.leaf for p in self.parameters.values()}
        leaves |= set(self.delays.values())
        known = {str(leaf.value) for leaf in leaves} | self.draws.symbols
        for name in definitions:
            missing = free_symbols(values[name]) - known
            if missing:
                raise LoweringError(
                    name, f"the formula of {name!r} mentions {sorted(missing)[0]!r}, which the model does not define"
                )

    def _initial_state(self, state: State, start: Mapping[str, Expr]) -> Expr:
        parameter = self.parameters.get(state.id)
        if state.quantity is Quantity.AMOUNT and parameter is not None and parameter.quantity is Quantity.AMOUNT:
            return parameter.leaf
        return multiply(start[state.id], self._scale(state, start))

    def _scale(self, state: State, start: Mapping[str, Expr]) -> Expr:
        species = self.species.get(state.id)
        if species is None or state.quantity is Quantity.CONCENTRATION or self._size(species) is None:
            return ONE
        return start[species.compartment]

    def _species_values(self, values: Mapping[str, Expr]) -> tuple[dict[str, Expr], dict[str, Expr]]:
        amounts: dict[str, Expr] = {}
        concentrations: dict[str, Expr] = {}
        for name, species in self.species.items():
            state, own = self.states.get(name), values[name]
            size = self._compartment_size(species)
            volume = None if size is None else values[species.compartment]
            if self._meaning(species) is Quantity.CONCENTRATION and volume is not None:
                concentrations[name] = own
                integrated = state is not None and state.quantity is Quantity.AMOUNT
                amounts[name] = state.leaf if state is not None and integrated else multiply(own, volume)
            else:
                amounts[name] = own
                if volume is not None:
                    concentrations[name] = divide(own, volume)
        return amounts, concentrations


def _given_as_concentration(species: Species) -> bool:
    return species.initial_amount is None and (
        species.initial_concentration is not None or not species.has_only_substance_units
    )

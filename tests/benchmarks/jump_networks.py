"""Networks as jump processes, written by us: seven of growing size, and any size by request.

Sources: Gillespie 1977, J. Phys. Chem. 81:2340, eq. 38 (Lotka–Volterra); Peccoud & Ycart 1995, Theor. Popul. Biol.
48:222 (telegraph); Elowitz & Leibler 2000, Nature 403:335 (repressilator, its continuous equations read as jumps);
Huang & Ferrell 1996, PNAS 93:10078 (MAPK cascade, ten enzymes and their complexes).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import numpy as np


@dataclass(frozen=True)
class Step:
    """A reaction; `law` in infix notation, `rate` the constant if it is one of mass action."""

    reactants: Mapping[str, int]
    products: Mapping[str, int]
    law: str
    rate: str = ""


@dataclass(frozen=True)
class JumpNetwork:
    """A network, and over which time it is simulated."""

    name: str
    species: Mapping[str, int]
    parameters: Mapping[str, float]
    steps: Sequence[Step]
    end: float
    runs: int = field(default=100)

    def antimony(self) -> str:
        """The network in Antimony; species are amounts."""
        lines = [f"substanceOnly species {', '.join(self.species)};", "compartment cell = 1;"]
        lines += ["unit substance = item;", "unit extent = item;"]
        for i, step in enumerate(self.steps):
            sides = [
                " + ".join(f"{n if n > 1 else ''} {s}" for s, n in side.items())
                for side in (step.reactants, step.products)
            ]
            lines.append(f"R{i}: {sides[0]} => {sides[1]}; {step.law};")
        lines += [f"{s} in cell; {s} = {n};" for s, n in self.species.items()]
        lines += [f"{p} = {v!r};" for p, v in self.parameters.items()]
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """For peers that do not read SBML."""
        return asdict(self)


def action(rate: str, reactants: Mapping[str, int], products: Mapping[str, int]) -> Step:
    """A reaction of mass action, among single molecules."""
    factors = [rate]
    for name, count in reactants.items():
        factors += [f"({name} - {i})" if i else name for i in range(count)]
    return Step(reactants, products, "*".join(factors), rate)


def _immigration_and_death() -> JumpNetwork:
    steps = [action("k", {}, {"X": 1}), action("m", {"X": 1}, {})]
    return JumpNetwork("immigration–death", {"X": 100}, {"k": 1000.0, "m": 1.0}, steps, 100.0)


def _lotka_volterra(name: str, count: int, end: float) -> JumpNetwork:
    steps = [
        action("a", {"prey": 1}, {"prey": 2}),
        action("b", {"prey": 1, "predator": 1}, {"predator": 2}),
        action("c", {"predator": 1}, {}),
    ]
    parameters = {"a": 10.0, "b": 10.0 / count, "c": 10.0}
    return JumpNetwork(name, {"prey": count, "predator": count}, parameters, steps, end)


def _telegraph() -> JumpNetwork:
    steps = [
        action("u", {"off": 1}, {"on": 1}),
        action("d", {"on": 1}, {"off": 1}),
        action("r", {"on": 1}, {"on": 1, "M": 1}),
        action("g", {"M": 1}, {}),
    ]
    parameters = {"u": 0.5, "d": 1.0, "r": 100.0, "g": 1.0}
    return JumpNetwork("telegraph", {"off": 1, "on": 0, "M": 0}, parameters, steps, 1000.0)


def _ring(name: str, genes: int, end: float) -> JumpNetwork:
    """Genes in a ring, each repressing the next: mRNA and protein, made and degraded."""
    species: dict[str, int] = {}
    steps: list[Step] = []
    for i in range(genes):
        m, p, repressor = f"m{i}", f"p{i}", f"p{(i - 1) % genes}"
        species |= {m: 0, p: 20 if i % 2 else 0}
        steps += [
            Step({}, {m: 1}, f"leak + alpha/(1 + ({repressor}/K)^2)"),
            action("dm", {m: 1}, {}),
            action("beta", {m: 1}, {m: 1, p: 1}),
            action("dp", {p: 1}, {}),
        ]
    parameters = {"leak": 0.03, "alpha": 30.0, "K": 40.0, "dm": 0.35, "beta": 7.0, "dp": 0.07}
    return JumpNetwork(name, species, parameters, steps, end)


def _mapk() -> JumpNetwork:
    species = {
        **{"E1": 20, "E2": 20, "KKK": 100, "KKKa": 0, "KK": 300, "KKp": 0, "KKpp": 0},
        **{"K": 300, "Kp": 0, "Kpp": 0, "KKP": 30, "KP": 60},
    }
    steps: list[Step] = []
    for enzyme, substrate, product in (
        *(("E1", "KKK", "KKKa"), ("E2", "KKKa", "KKK"), ("KKKa", "KK", "KKp"), ("KKP", "KKp", "KK")),
        *(("KKKa", "KKp", "KKpp"), ("KKP", "KKpp", "KKp"), ("KKpp", "K", "Kp"), ("KP", "Kp", "K")),
        *(("KKpp", "Kp", "Kpp"), ("KP", "Kpp", "Kp")),
    ):
        pair = f"{enzyme}_{substrate}"
        species[pair] = 0
        steps += [
            action("a", {enzyme: 1, substrate: 1}, {pair: 1}),
            action("d", {pair: 1}, {enzyme: 1, substrate: 1}),
            action("k", {pair: 1}, {enzyme: 1, product: 1}),
        ]
    return JumpNetwork("MAPK cascade", species, {"a": 0.02, "d": 1.0, "k": 1.5}, steps, 200.0)


SEVEN: Final = (
    _immigration_and_death(),
    _lotka_volterra("Lotka–Volterra, 1000 and 1000", 1000, 5.0),
    _lotka_volterra("Lotka–Volterra, 100 and 100", 100, 0.6),
    _telegraph(),
    _ring("repressilator", 3, 500.0),
    _mapk(),
    _ring("15 genes", 15, 100.0),
)


def grown(reactions: int, seed: int = 1) -> JumpNetwork:
    """Conversions, bindings and dissociations among half as many species; all molecules stay in the network."""
    draw = np.random.default_rng(seed)
    count = max(3, reactions // 2)
    names = [f"S{i}" for i in range(count)]
    steps: list[Step] = []
    for j in range(reactions):
        a, b, c = (names[i] for i in draw.choice(count, 3, replace=False))
        kind = "conversion" if j < count else draw.choice(["conversion", "binding", "dissociation"])
        if j < count:
            a, b = names[j], names[(j + 1) % count]
        if kind == "conversion":
            steps.append(action("k", {a: 1}, {b: 1}))
        elif kind == "binding":
            steps.append(action("q", {a: 1, b: 1}, {c: 1}))
        else:
            steps.append(action("k", {a: 1}, {b: 1, c: 1}))
    return JumpNetwork(f"{reactions} reactions", dict.fromkeys(names, 100), {"k": 1.0, "q": 0.005}, steps, 2.0)


def cascades(count: int) -> JumpNetwork:
    """So many MAPK cascades side by side, of 30 reactions each, with the first enzyme in common."""
    one = _mapk()
    species, steps = {}, []
    for i in range(count):
        names = {s: s if s == "E1" else f"{s}_{i}" for s in one.species}
        species |= {names[s]: n for s, n in one.species.items()}
        steps += [
            action(s.rate, {names[k]: v for k, v in s.reactants.items()}, {names[k]: v for k, v in s.products.items()})
            for s in one.steps
        ]
    return JumpNetwork(f"{count} MAPK cascades", species, one.parameters, steps, 20.0)

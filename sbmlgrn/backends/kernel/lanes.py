"""The direct method as one loop of machine code, over several trajectories side by side in SIMD lanes.

Every lane draws a waiting time and a reaction in each turn of the loop, without branches: a cumulative sum of
propensities is compared with one random number, and the change of every species is selected by those comparisons. The
loop ends when a lane reaches the time at which it has to stop; until then the state never leaves the registers, but for
what does not fit. A lane depends on its own seed alone, not on its neighbours.

Sources: Gillespie 1977, J. Phys. Chem. 81:2340, eq. 21 (direct method); Blackman & Vigna 2021, ACM Trans. Math. Softw.
47:36 (xoshiro256+); the logarithm by the argument reduction and minimax polynomial of Ng (FDLIBM ``e_log.c``), with an
error below 1 ulp.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sbmlgrn.backends.kernel.library import Library
from sbmlgrn.backends.kernel.once import once
from sbmlgrn.backends.kernel.source import Body
from sbmlgrn.backends.kernel.vectormath import LN2_HIGH, LN2_LOW, LOG, MAGIC, MAGIC_BITS, SQUARE_ROOT_OF_HALF
from sbmlgrn.expr import free_symbols
from sbmlgrn.lower import Jump, System

LANES: Final = 16
"""Trajectories side by side."""

_LARGEST: Final = 10_000_000
"""Characters of assembly up to which the loop is optimised: it is then five to eight times as fast, and 200 reactions,
of 540,000 characters since every constant is written once for each lane, take 0.3 s."""


class Lanes:
    """The compiled loop of a system.

    ``jump(x, p, t, stop, random, fired, fault, turns, limit)``, all arrays row-major with the lane last:

    * `x` ``[state, lane]``, `t` and `stop` ``[lane]``: states and times, advanced until at least one lane has
      ``t == stop`` or a fault, or `limit` turns are over. A lane whose `stop` is infinite is idle.
    * `p` ``[parameter, lane]``; `random` ``[4, lane]`` unsigned integers, the generators' states.
    * `fired` ``[lane]``: increased by the number of reactions.
    * `fault` ``[lane]``: 1 where a propensity is negative, infinite or NaN, or a population below 0; such a lane
      stands still.
    * `turns` ``[1]``, an integer: how often the loop turned, and so the most that a lane can have fired.

    It returns an integer whose bits say which lanes have a fault or have arrived at their `stop`.

    Args:
        system: its jumps have propensities that depend on states and parameters alone, and numbers as stoichiometries.

    Attributes:
        jump: address of the function.
    """

    jump: int

    def __init__(self, system: System) -> None:
        self._library: Final = Library(_text(system), optimise=True, limit=_LARGEST)
        self.jump = self._library.address("jump")


@once
def lanes(system: System) -> Lanes:
    """The system's loop, compiled when it is first asked for."""
    return Lanes(system)


def _text(system: System) -> str:
    declared: set[str] = set()
    loop = _Loop(system, declared)
    return "".join(
        [
            "define i64 @jump(ptr noalias %x, ptr noalias readonly %p, ptr noalias %t, ptr noalias readonly %stop, "
            "ptr noalias %random, ptr noalias %fired, ptr noalias %fault, ptr noalias %count, i64 %limit) #0 {\n",
            *loop.lines(),
            "}\n",
            *sorted(declared),
            "attributes #0 = { nounwind }\nattributes #1 = { nounwind memory(none) }\n",
        ]
    )


class _Loop:
    def __init__(self, system: System, declared: set[str]) -> None:
        self._system = system
        self._declared = declared
        self._body = Body("jump", declared, LANES)
        self._number, self._truth = self._body.number, self._body.truth
        self._integer = f"<{LANES} x i64>"

    def lines(self) -> list[str]:
        body, system = self._body, self._system
        for i, parameter in enumerate(system.parameters):
            body.read(parameter.leaf, "%p", i)
        for i, state in enumerate(system.states):
            body.names[state.leaf] = f"%y{i}"
        rates = body.emit([jump.rate for jump in system.jumps])
        sums, least = self._sums(rates)
        for i in _unguarded(system):  # what could fall below 0 with propensities still in order
            least = self._selected(self._new(f"fcmp olt {self._number} %y{i}, {least}"), f"%y{i}", least)
        finite = self._new(f"fcmp olt {self._number} {sums[-1]}, {body.literal(float('inf'))}")
        sound = self._new(f"fcmp oge {self._number} {least}, {body.literal(0.0)}")
        sound = self._new(f"and {self._truth} {sound}, {finite}")
        waiting = self._divided(self._exponential(self._uniform(self._draw("a", "%r"))), sums[-1])
        after = self._new(f"fadd {self._number} %now, {waiting}")
        arrives = self._new(f"fcmp oge {self._number} {after}, %until")
        moves = self._new(f"xor {self._truth} {arrives}, {body.literal(True)}")
        moves = self._new(f"and {self._truth} {moves}, {sound}")
        moves = self._new(f"and {self._truth} {moves}, %active")
        arrives = self._new(f"and {self._truth} {arrives}, {sound}")
        chosen = self._chosen(sums, self._uniform(self._draw("b", "%ra")), moves)
        states = [self._moved(i, chosen) for i in range(len(system.states))]
        time = self._selected(arrives, "%until", self._selected(moves, after, "%now"))
        count = self._new(f"fadd {self._number} %total, {self._selected(moves, body.literal(1.0), body.literal(0.0))}")
        faulty = self._new(f"xor {self._truth} {sound}, {body.literal(True)}")
        faulty = self._new(f"and {self._truth} {faulty}, %active")
        leaves = self._new(f"or {self._truth} {arrives}, {faulty}")
        leaves = self._new(f"and {self._truth} {leaves}, %active")
        mask = self._new(f"bitcast {self._truth} {leaves} to i{LANES}")
        any_leaves = self._new(f"icmp ne i{LANES} {mask}, 0")
        turns = self._new("add i64 %turns, 1")
        exhausted = self._new(f"icmp uge i64 {turns}, %limit")
        done = self._new(f"or i1 {any_leaves}, {exhausted}")
        carried = [(f"%y{i}", self._number, "%x", i, value) for i, value in enumerate(states)]
        carried.append(("%now", self._number, "%t", 0, time))
        carried.append(("%total", self._number, "%fired", 0, count))
        carried += [(f"%r{k}", self._integer, "%random", k, f"%rb{k}") for k in range(4)]
        return [*self._entry(carried), *self._header(carried, turns), *self._tail(carried, done, faulty, mask, turns)]

    def _new(self, instruction: str) -> str:
        return self._body.new(instruction)

    def _entry(self, carried: Sequence[tuple[str, str, str, int, str]]) -> list[str]:
        lines = ["entry:\n"]
        for name, kind, array, index, _ in carried:
            lines.append(f"  {name}.at = getelementptr {kind}, ptr {array}, i64 {index}\n")
            lines.append(f"  {name}.0 = load {kind}, ptr {name}.at, align 8\n")
        infinity = self._body.literal(float("inf"))
        lines.append(f"  %until = load {self._number}, ptr %stop, align 8\n")
        lines.append(f"  %active = fcmp olt {self._number} %until, {infinity}\n")
        return [*lines, "  br label %turn\n"]

    def _header(self, carried: Sequence[tuple[str, str, str, int, str]], turns: str) -> list[str]:
        lines = ["turn:\n", f"  %turns = phi i64 [ 0, %entry ], [ {turns}, %turn ]\n"]
        lines += [
            f"  {name} = phi {kind} [ {name}.0, %entry ], [ {new}, %turn ]\n" for name, kind, _, _, new in carried
        ]
        return [*lines, *(f"  {line}\n" for line in self._body.lines)]

    def _tail(
        self, carried: Sequence[tuple[str, str, str, int, str]], done: str, faulty: str, mask: str, turns: str
    ) -> list[str]:
        lines = [f"  br i1 {done}, label %out, label %turn\n", "out:\n"]
        lines += [f"  store {kind} {new}, ptr {name}.at, align 8\n" for name, kind, _, _, new in carried]
        flag = f"select {self._truth} {faulty}, {self._number} {self._body.literal(1.0)}, "
        lines.append(f"  %flag = {flag}{self._number} {self._body.literal(0.0)}\n")
        lines.append(f"  store {self._number} %flag, ptr %fault, align 8\n")
        lines.append(f"  store i64 {turns}, ptr %count, align 8\n")
        lines.append(f"  %mask = zext i{LANES} {mask} to i64\n")
        return [*lines, "  ret i64 %mask\n"]

    def _sums(self, rates: Sequence[str]) -> tuple[list[str], str]:
        """Cumulative sums of the propensities, and the least propensity."""
        sums, least = [rates[0]], rates[0]
        for rate in rates[1:]:
            sums.append(self._new(f"fadd {self._number} {sums[-1]}, {rate}"))
            less = self._new(f"fcmp olt {self._number} {rate}, {least}")
            least = self._selected(less, rate, least)
        return sums, least

    def _selected(self, condition: str, then: str, otherwise: str) -> str:
        return self._new(f"select {self._truth} {condition}, {self._number} {then}, {self._number} {otherwise}")

    def _divided(self, left: str, right: str) -> str:
        return self._new(f"fdiv {self._number} {left}, {right}")

    def _chosen(self, sums: Sequence[str], uniform: str, moves: str) -> list[str]:
        """For each reaction whether it, or one before it, is the one that fires; in lanes that do not move none is."""
        target = self._new(f"fmul {self._number} {uniform}, {sums[-1]}")
        target = self._selected(moves, target, self._body.literal(float("inf")))
        return [self._new(f"fcmp olt {self._number} {target}, {total}") for total in sums]

    def _moved(self, state: int, chosen: Sequence[str]) -> str:
        """The state after the reaction that fires: a choice for every place at which the stoichiometry changes."""
        column = [_net(jump, state) for jump in self._system.jumps]
        change, value = self._body.literal(0.0), 0.0
        for net, here in zip(reversed(column), reversed(chosen), strict=True):
            if net != value:
                change, value = self._selected(here, self._body.literal(net), change), net
        if change == self._body.literal(0.0):
            return f"%y{state}"
        return self._new(f"fadd {self._number} %y{state}, {change}")

    def _draw(self, step: str, before: str) -> str:
        """Advances the generators from the names `before` to ``%r<step>``; returns their output."""
        kind, new = self._integer, self._new
        s0, s1, s2, s3 = (f"{before}{k}" for k in range(4))
        result = new(f"add {kind} {s0}, {s3}")
        shifted = new(f"shl {kind} {s1}, {_integers(17)}")
        s2 = new(f"xor {kind} {s2}, {s0}")
        s3 = new(f"xor {kind} {s3}, {s1}")
        lines = self._body.lines
        lines.append(f"%r{step}1 = xor {kind} {s1}, {s2}")
        lines.append(f"%r{step}0 = xor {kind} {s0}, {s3}")
        lines.append(f"%r{step}2 = xor {kind} {s2}, {shifted}")
        self._declared.add(f"declare {kind} @llvm.fshl.v{LANES}i64({kind}, {kind}, {kind}) #1\n")
        rotated = f"call {kind} @llvm.fshl.v{LANES}i64({kind} {s3}, {kind} {s3}, {kind} {_integers(45)})"
        lines.append(f"%r{step}3 = {rotated}")
        return result

    def _uniform(self, bits: str) -> str:
        """A double in [0, 1) of the upper 52 bits."""
        kind = self._integer
        mantissa = self._new(f"lshr {kind} {bits}, {_integers(12)}")
        pattern = self._new(f"or {kind} {mantissa}, {_integers(0x3FF0000000000000)}")
        above_one = self._new(f"bitcast {kind} {pattern} to {self._number}")
        return self._new(f"fsub {self._number} {above_one}, {self._body.literal(1.0)}")

    def _exponential(self, uniform: str) -> str:
        """−ln(1 − u)."""
        number, kind, new, literal = self._number, self._integer, self._new, self._body.literal

        def apply(operation: str, a: str, b: str) -> str:
            return new(f"{operation} {number} {a}, {b}")

        u = apply("fsub", literal(1.0), uniform)
        bits = new(f"bitcast {number} {u} to {kind}")
        offset = new(f"sub {kind} {bits}, {_integers(SQUARE_ROOT_OF_HALF)}")
        exponent = new(f"ashr {kind} {offset}, {_integers(52)}")
        mantissa = new(f"sub {kind} {bits}, {new(f'shl {kind} {exponent}, {_integers(52)}')}")
        f = apply("fsub", new(f"bitcast {kind} {mantissa} to {number}"), literal(1.0))
        magic = new(f"bitcast {kind} {new(f'add {kind} {exponent}, {_integers(MAGIC_BITS)}')} to {number}")
        k = apply("fsub", magic, literal(MAGIC))
        s = apply("fdiv", f, apply("fadd", f, literal(2.0)))
        z = apply("fmul", s, s)
        series = literal(LOG[-1])
        for coefficient in reversed(LOG[:-1]):
            series = apply("fadd", apply("fmul", series, z), literal(coefficient))
        half = apply("fmul", apply("fmul", f, f), literal(0.5))
        tail = apply("fmul", s, apply("fadd", half, apply("fmul", z, series)))
        tail = apply("fadd", tail, apply("fmul", k, literal(LN2_LOW)))
        small = apply("fsub", apply("fsub", half, tail), f)
        return apply("fsub", small, apply("fmul", k, literal(LN2_HIGH)))


def _unguarded(system: System) -> list[int]:
    """States that a reaction lowers whose law does not depend on them."""
    return sorted(
        {
            i
            for jump in system.jumps
            for i, net in jump.stoichiometry.items()
            if (net.number or 0.0) < 0.0 and str(system.states[i].leaf.value) not in free_symbols(jump.rate)
        }
    )


def _net(jump: Jump, state: int) -> float:
    entry = jump.stoichiometry.get(state)
    return 0.0 if entry is None else float(entry.number or 0.0)


def _integers(value: int) -> str:
    return f"<{', '.join([f'i64 {value}'] * LANES)}>"

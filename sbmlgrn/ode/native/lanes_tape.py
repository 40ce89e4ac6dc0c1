"""What trajectories in lanes leave for gradients: the entries of a `Tape`, as they come.

Steps of all lanes are logged one after the other, and sorted by trajectory when all have ended.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from sbmlgrn.backends.kernel.vectors import LANES
from sbmlgrn.ode.native.lanes_steps import Pack
from sbmlgrn.ode.native.loop import loop, part
from sbmlgrn.ode.native.simd import bits, call, fma, lanes, load, masked, root, select, size, splat, store
from sbmlgrn.ode.native.tableau import TSIT5_STABILITY
from sbmlgrn.ode.native.trajectory import AUTO, METHOD, RODAS5P, VOTES, H, T

CHECKPOINTS: Final = 32
"""States of a trajectory that are kept; an even number."""
STABLE: Final = 0.8 * TSIT5_STABILITY
"""|hλ| beyond which steps of Tsit5 are not recorded."""
SHIFT: Final = 1e-7
"""How far from a state its Jacobian is probed, relative to the state."""


class Log(NamedTuple):
    """What one thread writes.

    Attributes:
        filled: ``[1]`` how many steps there are.
        owner: ``[room]`` which trajectory made a step.
        steps: ``[room, 2]`` as in `Tape`.
        direction: ``[n, lane]`` the power iteration's estimate of the fastest direction.
        made: ``[batch]`` steps of each trajectory; ``[0]`` where nothing is recorded.
        stride: ``[batch]`` steps between its checkpoints.
        kept, marks, checkpoints: as in `Tape`, of all trajectories.
    """

    filled: np.ndarray
    owner: np.ndarray
    steps: np.ndarray
    direction: np.ndarray
    made: np.ndarray
    stride: np.ndarray
    kept: np.ndarray
    marks: np.ndarray
    checkpoints: np.ndarray


class Shared(NamedTuple):
    """The parts of `Log` that threads share, since each trajectory belongs to one of them."""

    made: np.ndarray
    stride: np.ndarray
    kept: np.ndarray
    marks: np.ndarray
    checkpoints: np.ndarray


def shared(batch: int, n: int) -> Shared:
    """Memory for the checkpoints of `batch` trajectories of `n` states; of none where nothing is recorded."""
    numbers = np.zeros((2, batch), np.int64)
    return Shared(
        numbers[0],
        np.ones(batch, np.int64),
        numbers[1],
        np.empty((batch, CHECKPOINTS), np.int64),
        np.empty((batch, CHECKPOINTS, n)),
    )


@loop
def log(room: int, n: int, common: Shared) -> Log:
    """A log with room for some steps."""
    filled, owner, steps = np.zeros(1, np.int64), np.empty(room, np.int64), np.empty((room, 2))
    return Log(
        filled,
        owner,
        steps,
        lanes(n),
        common.made,
        common.stride,
        common.kept,
        common.marks,
        common.checkpoints,
    )


@part
def is_full(record: Log) -> bool:
    """Whether there might be no room for the steps of another turn."""
    return len(record.made) > 0 and record.filled[0] + LANES > len(record.owner)


@part
def write(record: Log, b: int, t: float, length: float) -> None:
    """Records a step."""
    k = record.filled[0]
    record.owner[k] = b
    record.steps[k, 0] = t
    record.steps[k, 1] = length
    record.filled[0] = k + 1
    record.made[b] += 1


@part
def mark(record: Log, b: int, lane: int, y: np.ndarray) -> None:
    """Keeps the state in a lane, if it is its turn."""
    used, kept = record.made[b], record.kept[b]
    if used % record.stride[b] != 0:
        return
    if kept == CHECKPOINTS:
        kept //= 2
        record.stride[b] *= 2
        for k in range(kept):
            record.marks[b, k] = record.marks[b, 2 * k]
            for i in range(len(y)):
                record.checkpoints[b, k, i] = record.checkpoints[b, 2 * k, i]
    record.marks[b, kept] = used
    for i in range(len(y)):
        record.checkpoints[b, kept, i] = y[i, lane]
    record.kept[b] = kept + 1


@part
def probe(record: Log, chosen: int) -> None:
    """Fills the power iteration's vectors of the `chosen` lanes with one that is in no invariant subspace by chance."""
    total = 0.0
    for i in range(len(record.direction)):
        total += (0.5 + (0.6180339887498949 * i) % 1.0) ** 2
    for i in range(len(record.direction)):
        entry = (0.5 + (0.6180339887498949 * i) % 1.0) / np.sqrt(total)
        store(record.direction, i, select(masked(chosen), splat(entry), load(record.direction, i)))


@part
def limit(rhs: int, chosen: int, method: int, rtol: float, control: np.ndarray, record: Log, work: Pack) -> None:
    """Before steps of Tsit5 in the `chosen` lanes: keeps them stable, or leaves Tsit5 (`tape`)."""
    n, here, direction = len(work.y), masked(chosen), record.direction
    for i in range(n):
        y = load(work.y, i)
        shift = SHIFT * (size(y) + load(work.atol, i) / rtol)
        store(work.new, i, fma(shift, load(direction, i), y))
    call(rhs, control, T, work.new, work.p, work.work, 0)
    total = splat(0.0)
    for i in range(n):
        shift = SHIFT * (size(load(work.y, i)) + load(work.atol, i) / rtol)
        change = (load(work.work, i) - load(work.first, i)) / shift
        store(work.work, i, change)
        total = fma(change, change, total)
    rate = root(total)
    sound = (rate < np.inf) & (rate > 0.0)
    probe(record, bits(here & ~sound))
    for i in range(n):
        store(direction, i, select(here & sound, load(work.work, i) / rate, load(direction, i)))
    h = load(control, H)
    long = here & sound & (h * rate > STABLE)
    if method == AUTO:
        store(control, METHOD, select(long, float(RODAS5P), load(control, METHOD)))
        store(control, VOTES, select(long, 0.0, load(control, VOTES)))
    else:
        bound = STABLE / rate
        store(control, H, select(long, select(bound > 0.1 * h, bound, 0.1 * h), h))

"""Processes that work, hang, and die. What they do is `eval`, which they find by name."""

from __future__ import annotations

import functools
import os
import signal
import sys
import time
from multiprocessing import active_children

import pytest

from sbmlgrn.suite.pool import Done, Lost, PoolError, run_parallel

PID = "__import__('os').getpid()"
HANG = "__import__('time').sleep(600)"
CRASH = "__import__('os').abort()"
EXIT = "__import__('os')._exit(3)"


def test_every_item_is_done_once() -> None:
    outcomes = dict(run_parallel(abs, [-3, -2, -1, 0, 1], jobs=2, timeout=60))
    assert outcomes == {i: Done(value) for i, value in enumerate([3, 2, 1, 0, 1])}
    assert not active_children()


def test_no_items_need_no_process() -> None:
    assert list(run_parallel(abs, [], jobs=2, timeout=60)) == []


def test_a_process_does_many_items() -> None:
    outcomes = run_parallel(eval, [PID] * 6, jobs=1, timeout=60)
    pids = {outcome.result for _, outcome in outcomes if isinstance(outcome, Done)}
    assert len(pids) == 1
    assert os.getpid() not in pids


def test_those_that_hang_or_die_are_lost_alone() -> None:
    items = ["1", HANG, "2", CRASH, "1/0", EXIT, "3"]
    outcomes = dict(run_parallel(eval, items, jobs=2, timeout=2))
    assert [outcomes.pop(i) for i in (0, 2, 6)] == [Done(1), Done(2), Done(3)]
    lost = {items[i]: outcome for i, outcome in outcomes.items() if isinstance(outcome, Lost)}
    assert {item: outcome.exit_code for item, outcome in lost.items()} == {
        HANG: None,
        CRASH: -signal.SIGABRT,
        "1/0": 1,
        EXIT: 3,
    }
    assert lost[HANG].seconds >= 2
    assert lost[HANG].reason == "no result after 2 s"
    assert lost[CRASH].reason == "the process was ended by SIGABRT"
    assert lost[EXIT].reason == "the process ended with exit code 3"


def test_a_process_that_cannot_start_is_told() -> None:
    with pytest.raises(PoolError, match="exit code 4"):
        list(run_parallel(abs, [1, 2], jobs=2, timeout=60, warm_up=functools.partial(sys.exit, 4)))
    assert not active_children()


def test_who_stops_listening_ends_the_processes() -> None:
    outcomes = run_parallel(eval, ["1", HANG, HANG], jobs=1, timeout=600)
    assert next(outcomes) == (0, Done(1))
    outcomes.close()
    assert not active_children()


def test_warming_up_takes_none_of_the_time() -> None:
    warm_up = functools.partial(time.sleep, 1.5)
    assert list(run_parallel(abs, [-1], jobs=1, timeout=1, warm_up=warm_up)) == [(0, Done(1))]

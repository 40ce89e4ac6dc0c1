"""What is made once for an object, in whichever thread."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Callable
from typing import TypeVar

import torch

import sbmlgrn as sg
from sbmlgrn.backends.kernel import once

_Found = TypeVar("_Found")


class _Key:
    pass


def test_threads_that_ask_at_once_get_the_same_object() -> None:
    made: list[object] = []

    @once
    def slow(_: _Key) -> object:
        time.sleep(0.05)
        made.append(object())
        return made[-1]

    key = _Key()
    found = _in_threads(lambda: slow(key))
    assert len(made) == 1
    assert all(one is made[0] for one in found)


def test_what_was_made_goes_with_its_object() -> None:
    @once
    def make(_: _Key) -> _Key:
        return _Key()

    key = _Key()
    result = weakref.ref(make(key))
    assert result() is make(key)
    del key
    gc.collect()
    assert result() is None


def test_a_result_of_none_is_kept() -> None:
    calls: list[_Key] = []
    make = once(calls.append)
    key = _Key()
    assert make(key) is make(key) is None
    assert calls == [key]


def test_threads_simulate_a_new_model_at_once() -> None:
    grid = torch.linspace(0, 5, 6, dtype=torch.float64)
    for k in torch.linspace(0.1, 1, 10).tolist():
        model = sg.compile(sg.load(f"model m\n S -> P; k*S\n S = 10\n P = 0\n k = {k}\nend"))

        def end(model: sg.Model = model) -> float:
            p = model.parameters_default.clone().requires_grad_()
            last = sg.simulate(model, grid, p)["S"][-1]
            (slope,) = torch.autograd.grad(last, p)
            return float(slope[list(model.parameter_ids).index("k")])

        exact = -50 * torch.exp(torch.tensor(-5 * k, dtype=torch.float64)).item()
        for found in _in_threads(end):
            assert abs(found - exact) < 1e-4


def _in_threads(run: Callable[[], _Found]) -> list[_Found]:
    begin = threading.Barrier(6)
    found: list[_Found] = []

    def go() -> None:
        begin.wait()
        found.append(run())

    threads = [threading.Thread(target=go) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    return found

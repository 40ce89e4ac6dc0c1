"""The same equations through torch, and what only a stepping solver asks."""

import numpy as np
import pytest
import torch

import sbmlgrn as sg
from sbmlgrn.backends.kernel import Evaluator

CASE = """
  compartment c = 2; species A in c = 3; species B in c = 0.5
  J: A -> B; k*A/(1 + B^2); k = 0.7; limit = 1
  first: at (A < limit && time > 0.5), priority = k, persistent = false: A = 3*limit
  second: at 0.1 after B >= 4: B = B/2, k = 2*k
"""


def test_right_hand_side_and_jumps_are_those_of_torch() -> None:
    model = sg.compile(sg.load(CASE))
    evaluator = Evaluator(model.system)
    rows = np.random.default_rng(1).uniform(0.1, 3, (5, len(model.state_ids)))
    p = model.parameters_default
    for row in rows:
        y = torch.tensor(row)
        assert evaluator.rhs(0.3, row, p.numpy()) == pytest.approx(model.rhs(0.3, y, p).numpy(), rel=1e-14)
        for event in (0, 1):
            expected = model.event_values(event, 0.3, y, p).numpy()
            assert evaluator.event_values(event, 0.3, row, p.numpy()) == pytest.approx(expected, rel=1e-14)
            assert evaluator.event_delay(event, 0.3, row, p.numpy()) == float(model.event_delay(event, 0.3, y, p))


def test_triggers_priorities_and_margins() -> None:
    model = sg.compile(sg.load(CASE))
    evaluator = Evaluator(model.system)
    p = model.parameters_default.numpy()
    y = model.initial(model.parameters_default).numpy().copy()
    y[model.state_ids.index("A")], y[model.state_ids.index("B")] = 1.0, 8.0  # amounts: concentrations 0.5 and 4
    assert evaluator.triggers(1.0, y, p).tolist() == [1, 1]
    assert evaluator.triggers(0.5, y, p).tolist() == [0, 1]
    assert evaluator.turns(0.5, y, p).tolist() == [1, 0, 1]
    assert evaluator.margins(0.5, y, p) == pytest.approx([-0.5, 0, 0])
    assert evaluator.event_priority(0, 0, y, p) == 0.7

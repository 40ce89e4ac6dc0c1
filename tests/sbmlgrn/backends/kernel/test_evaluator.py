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
            assert evaluator.evaluate(f"values_{event}", 0.3, row, p.numpy()) == pytest.approx(expected, rel=1e-14)
            delay = float(model.event_delay(event, 0.3, y, p))
            assert evaluator.evaluate(f"delay_{event}", 0.3, row, p.numpy()) == [delay]


def test_conditions_turns_and_priorities() -> None:
    model = sg.compile(sg.load(CASE))
    evaluator = Evaluator(model.system)
    p = model.parameters_default.numpy()
    y = model.initial(model.parameters_default).numpy().copy()
    y[model.state_ids.index("A")], y[model.state_ids.index("B")] = 1.0, 8.0  # amounts: concentrations 0.5 and 4
    assert evaluator.evaluate("conditions", 1.0, y, p).tolist() == [1, 1]
    assert evaluator.evaluate("conditions", 0.5, y, p).tolist() == [0, 1]
    assert evaluator.evaluate("turns", 0.5, y, p).tolist() == [1, 0, 1]
    assert evaluator.evaluate("priority_0", 0, y, p) == [0.7]

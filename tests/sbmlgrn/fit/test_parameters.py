from __future__ import annotations

import math

import pytest
import torch

from sbmlgrn.fit import BoundsError, FreeParameter, ParameterBox

BOX = ParameterBox((FreeParameter("k", 0.01, 100), FreeParameter("n", 1, 5, "linear")))


def test_scales() -> None:
    unit = BOX.to_unit(torch.tensor([[1.0, 3.0], [0.01, 5.0]]))
    torch.testing.assert_close(unit, torch.tensor([[0.5, 0.5], [0.0, 1.0]], dtype=torch.float64))
    torch.testing.assert_close(BOX.from_unit(unit), torch.tensor([[1.0, 3.0], [0.01, 5.0]], dtype=torch.float64))


def test_bounds_are_met_exactly_and_keep_their_gradient() -> None:
    box = ParameterBox((FreeParameter("a", 0.1, 2.0), FreeParameter("b", -0.3, 0.7, "linear")))
    for end, bounds in ((0.0, [0.1, -0.3]), (1.0, [2.0, 0.7])):
        unit = torch.full((2,), end, dtype=torch.float64, requires_grad=True)
        values = box.from_unit(unit)
        assert values.tolist() == bounds
        (gradient,) = torch.autograd.grad(values.sum(), unit)
        torch.testing.assert_close(gradient, torch.tensor([bounds[0] * math.log(20), 1.0], dtype=torch.float64))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("k", 2, 1), "lower bound 2 must be below the upper bound 1"),
        (("k", 1, 1), "must be below"),
        (("k", 0, 1), "log scale needs bounds above 0"),
        (("k", 1, math.inf), "must be finite"),
        (("k", math.nan, 1), "must be finite"),
        (("k", 1, 2, "cubic"), "'cubic'"),
    ],
)
def test_bad_bounds(arguments: tuple[str, float, float], says: str) -> None:
    with pytest.raises(BoundsError, match=says) as caught:
        FreeParameter(*arguments)
    assert "'k'" in str(caught.value)


def test_bad_boxes_and_starts() -> None:
    with pytest.raises(BoundsError, match="no free parameter"):
        ParameterBox(())
    with pytest.raises(BoundsError, match="'k' is listed 2 times"):
        ParameterBox((FreeParameter("k", 1, 2), FreeParameter("k", 1, 3)))
    with pytest.raises(BoundsError, match=r"'k' starts at 200, outside its bounds \[0.01, 100\]"):
        BOX.start({"k": 200, "n": 2})
    with pytest.raises(BoundsError, match="starts at nan"):
        BOX.start([math.nan, 2])
    with pytest.raises(BoundsError, match="no value for 'n'"):
        BOX.start({"k": 1})
    with pytest.raises(BoundsError, match=r"shape \(3,\)"):
        BOX.start([1, 2, 3])


def test_samples_fill_the_box_and_follow_the_seed() -> None:
    unit = BOX.to_unit(BOX.sample(64, seed=5))
    # Each of the 8 x 8 cells of a Sobol net of 64 points holds one.
    assert len({tuple(row) for row in (unit * 8).long().tolist()}) == 64
    assert torch.equal(BOX.sample(64, seed=5), BOX.sample(64, seed=5))
    assert not torch.equal(BOX.sample(64, seed=5), BOX.sample(64, seed=6))


def test_active_bounds_are_named() -> None:
    assert BOX.at_bounds(torch.tensor([100.0, 3.0])) == ("k at its upper bound 100",)
    assert BOX.at_bounds(torch.tensor([1.0, 3.0])) == ()

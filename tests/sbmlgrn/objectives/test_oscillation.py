from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from sbmlgrn.objectives import diagnose_oscillation

STEP = 0.37
TIMES = torch.arange(256, dtype=torch.float64) * STEP
SINE = (2 * math.pi * TIMES / 13).sin()
NOISE = torch.randn(256, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


def test_sustained() -> None:
    found = diagnose_oscillation(5 + 2 * SINE, STEP)
    assert found.oscillates
    assert found.period == pytest.approx(13, rel=1e-3)
    assert found.cycles == pytest.approx(256 * STEP / 13, rel=1e-3)
    assert found.relative_amplitude == pytest.approx(0.4, rel=0.05)
    assert found.persistence == pytest.approx(1, abs=0.01)
    assert "sustained oscillation of period 13" in found.reason


def test_growing_counts_as_sustained() -> None:
    assert diagnose_oscillation(5 + (TIMES / 100).exp() * SINE, STEP).oscillates


@pytest.mark.parametrize(
    ("signal", "says"),
    [
        (1 + (-TIMES / 30).exp() * SINE, "it is damped: the range falls by a factor 0.2"),
        (1 + 1e-5 * SINE, "it settles: its amplitude is 1e-05 of its mean level"),
        (torch.ones_like(TIMES), "it settles"),
        (torch.zeros_like(TIMES), "it settles"),
        ((2 * math.pi * TIMES / 40).sin() + 2, "periods fit into the time span of 94.72"),
        (NOISE, "no frequency stands out"),
        ((2 * math.pi * TIMES / 1.2).sin() + 2, "samples are too coarse: 3.2 a period"),
        (SINE * math.inf, "not finite"),
    ],
)
def test_each_other_case_has_its_reason(signal: Tensor, says: str) -> None:
    found = diagnose_oscillation(signal, STEP)
    assert not found.oscillates
    assert says in found.reason


def test_shape_is_checked() -> None:
    with pytest.raises(ValueError, match=r"vector of at least 16 samples; its shape is \(2, 128\)"):
        diagnose_oscillation(SINE.reshape(2, 128), STEP)

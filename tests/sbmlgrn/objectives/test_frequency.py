"""The spectral estimate on signals of known frequency, and its gradient far from the target."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from sbmlgrn.objectives import dominant_frequency, frequency_loss, log_frequency_residual, power_spectrum

STEP = 0.37
SAMPLES = 256
DURATION = STEP * SAMPLES
TIMES = torch.arange(SAMPLES, dtype=torch.float64) * STEP
PHASES = torch.linspace(0, 2 * math.pi, 25, dtype=torch.float64)[:-1, None]
CYCLES = (4.0, 4.05, 4.3, 4.5, 4.77, 5.5, 6.2, 8.37, 12.1, 20.9)


def sine(cycles: float, harmonics: tuple[float, ...] = ()) -> Tensor:
    angle = 2 * math.pi * cycles * TIMES / DURATION + PHASES
    return angle.sin() + sum(a * ((k + 2) * angle + 1.3 * k * PHASES).sin() for k, a in enumerate(harmonics))


def worst_error(signal: Tensor, cycles: float) -> float:
    return float((dominant_frequency(signal, STEP) * DURATION / cycles - 1).abs().max())


@pytest.mark.parametrize("cycles", CYCLES)
@pytest.mark.parametrize("harmonics", [(), (0.5,), (0.5, 0.3, 0.2)])
def test_any_frequency_and_phase_from_four_periods_on(cycles: float, harmonics: tuple[float, ...]) -> None:
    assert worst_error(sine(cycles, harmonics), cycles) < 1e-3


@pytest.mark.parametrize("cycles", CYCLES)
def test_offset_trend_and_unit_do_not_matter(cycles: float) -> None:
    assert worst_error(1e-9 * (sine(cycles) + 300 + 0.2 * TIMES), cycles) < 1e-3


@pytest.mark.parametrize("cycles", [4.3, 8.37, 20.9])
def test_noise_costs_about_what_theory_says_it_must(cycles: float) -> None:
    generator = torch.Generator().manual_seed(7)
    sigma, repeats = 0.1, 400
    signal = (2 * math.pi * cycles * TIMES / DURATION).sin()
    noisy = signal + sigma * torch.randn(repeats, SAMPLES, generator=generator, dtype=torch.float64)
    error = dominant_frequency(noisy, STEP) - cycles / DURATION
    # Cramér-Rao bound for the frequency of one real sinusoid of amplitude 1 and unknown phase. The window costs a
    # factor of about 2: it listens less to the ends of the signal.
    bound = math.sqrt(24 * sigma**2 / (SAMPLES * (SAMPLES**2 - 1))) / (2 * math.pi * STEP)
    assert abs(float(error.mean())) < 1e-3 * cycles / DURATION
    assert float(error.std()) < 2.5 * bound


def test_a_strong_second_harmonic_does_not_hide_the_fundamental() -> None:
    cycles = 8.3
    angle = 2 * math.pi * cycles * TIMES / DURATION + PHASES
    signal = 0.3 * angle.sin() + (2 * angle).sin()
    assert worst_error(signal, cycles) < 1e-3
    signal = 0.4 * angle.sin() + (3 * angle).sin()
    assert worst_error(signal, cycles) < 1e-3


def test_constant_and_broken_signals_have_no_frequency() -> None:
    signals = torch.stack([torch.full_like(TIMES, 7.0), 3 - 0.1 * TIMES, torch.full_like(TIMES, math.nan)])
    assert torch.isnan(dominant_frequency(signals, STEP)).all()


def test_spectrum_of_a_sinusoid_peaks_at_its_squared_amplitude() -> None:
    frequency, power = power_spectrum(3 * sine(8.0)[0], STEP)
    assert float(power.max()) == pytest.approx(9, rel=1e-3)
    assert float(frequency[power.argmax()]) == pytest.approx(8 / DURATION, rel=1e-2)


def test_gradient_agrees_with_finite_differences() -> None:
    signal = sine(5.3, (0.4,))[:3].clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: dominant_frequency(x, STEP), (signal,), atol=1e-8)


def tone(log_frequency: Tensor) -> Tensor:
    return (2 * math.pi * log_frequency.exp()[..., None] * TIMES).sin()


def target_power_loss(signal: Tensor, frequency: float) -> Tensor:
    grid, power = power_spectrum(signal, STEP)
    return -power[..., (grid - frequency).abs().argmin()]


OCTAVES = torch.cat([torch.linspace(-2.3, -0.3, 40), torch.linspace(0.3, 2.2, 40)]).double()


def gradients(loss: object, target: float) -> Tensor:
    point = (math.log(target) + OCTAVES * math.log(2)).requires_grad_()
    return torch.autograd.grad(loss(tone(point), target).sum(), point)[0]  # type: ignore[operator]


def test_gradient_points_to_the_target_from_octaves_away() -> None:
    found = gradients(lambda x, f: frequency_loss(x, STEP, f), target=20 / DURATION)
    expected = 2 * OCTAVES * math.log(2)
    assert torch.equal(found.sign(), OCTAVES.sign())
    # And it is the derivative of the squared log ratio, neither vanishing nor exploding.
    torch.testing.assert_close(found, expected, rtol=0.02, atol=0)


def test_power_at_the_target_is_useless_from_octaves_away() -> None:
    """The contrast that makes the case for the soft-argmax."""
    found = gradients(target_power_loss, target=20 / DURATION)
    right = (found.sign() == OCTAVES.sign()).double().mean()
    assert 0.2 < float(right) < 0.8
    assert float(found.abs().median()) < 1e-3


def test_residual_is_the_log_ratio() -> None:
    assert float(log_frequency_residual(sine(8.0)[0], STEP, 4 / DURATION)) == pytest.approx(math.log(2), abs=1e-4)


def test_bad_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="has 5 samples; a spectrum needs at least 16"):
        dominant_frequency(torch.zeros(5), STEP)
    with pytest.raises(ValueError, match="the sampling step is -1"):
        power_spectrum(torch.zeros(50), -1)
    with pytest.raises(ValueError, match="frequency asked for is 0"):
        frequency_loss(torch.zeros(50), STEP, 0.0)

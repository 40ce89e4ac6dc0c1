from __future__ import annotations

import subprocess
import sys
from io import BytesIO
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.image import imread

from sbmlgrn.plots import PALETTE, frequency_design, frequency_tuning, time_course, time_course_fit


def oscillation(period: float) -> pd.DataFrame:
    t = np.linspace(0, 400, 2001)
    columns = {"a": 1 + np.sin(2 * np.pi * t / period), "b": 1 + np.cos(2 * np.pi * t / period)}
    return pd.DataFrame(columns, index=pd.Index(t, name="time"))


def design_figure(asked: float = 25, height: float = 1) -> Figure:
    frequency = np.linspace(0, 0.2, 401)
    spectrum = pd.DataFrame(
        {
            "before": np.exp(-(((frequency - 1 / 40) / 0.005) ** 2)),
            "after": np.exp(-(((frequency - 1 / 25) / 0.005) ** 2)),
        },
        index=frequency,
    )
    return frequency_design(
        oscillation(40),
        height * oscillation(25),
        spectrum,
        period_asked=asked,
        period_before=40,
        period_after=25,
        symbols=["a"],
        time_unit="hours",
        value_label="amount (nmol)",
    )


def test_time_course_draws_each_column_over_the_index() -> None:
    frame = oscillation(40)
    (axes,) = time_course(frame, time_unit="s", value_label="amount (mol)").axes
    assert [line.get_label() for line in axes.get_lines()] == ["a", "b"]
    for line, name in zip(axes.get_lines(), frame.columns, strict=True):
        np.testing.assert_array_equal(line.get_xdata(), frame.index)
        np.testing.assert_array_equal(line.get_ydata(), frame[name])
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("time (s)", "amount (mol)")


def test_time_course_of_a_batch_draws_every_trajectory_and_names_it_once() -> None:
    batch = pd.concat([oscillation(40), oscillation(20), oscillation(10)], keys=range(3), names=["trajectory"])
    figure = time_course(batch)
    assert len(figure.axes[0].get_lines()) == 6
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a", "b"]


def test_a_dimensionless_unit_is_not_shown() -> None:
    (axes,) = time_course(oscillation(40), time_unit="dimensionless").axes
    assert axes.get_xlabel() == "time"


def test_the_axis_begins_at_zero_only_if_nothing_lies_below() -> None:
    frame = oscillation(40)
    assert time_course(frame).axes[0].get_ylim()[0] == 0
    assert time_course(frame - 1).axes[0].get_ylim()[0] < -1


def test_design_shows_before_after_and_the_asked_frequency() -> None:
    before, after, spectrum = design_figure().axes
    assert "period 40 hours" in before.get_title(loc="left")
    assert "period 25 hours" in after.get_title(loc="left")
    assert before.get_xlim() == after.get_xlim() == (0, 240)
    assert spectrum.get_xlabel() == "frequency (1 / hours)"
    asked = next(line for line in spectrum.get_lines() if str(line.get_label()).startswith("asked"))
    np.testing.assert_allclose(np.asarray(asked.get_xdata()), 1 / 25)
    low, high = spectrum.get_xlim()
    assert low <= 1 / 40 < 1 / 25 < high


def test_axes_suit_periods_and_heights_far_apart() -> None:
    assert [axes.get_xscale() for axes in design_figure().axes] == ["linear"] * 3
    before, after, spectrum = design_figure(asked=1, height=0.01).axes
    assert after.get_ylim()[1] < 0.1 < before.get_ylim()[1]
    assert spectrum.get_xscale() == "log"
    low, high = spectrum.get_xlim()
    assert low < 1 / 40 < 1 < high


def test_the_period_bar_is_one_period_long_and_begins_at_a_peak() -> None:
    before, after, _ = design_figure().axes
    for axes, period in ((before, 40), (after, 25)):
        (bar,) = axes.texts
        start, end = bar.xyann[0], bar.xy[0]  # type: ignore[attr-defined]
        assert end - start == pytest.approx(period)
        assert np.sin(2 * np.pi * start / period) == pytest.approx(1, abs=1e-2)


def test_the_picture_has_ink_and_a_white_ground() -> None:
    file = BytesIO()
    design_figure().savefig(file, format="png")
    file.seek(0)
    pixels = imread(file)[..., :3]
    assert pixels.shape[0] > 800
    assert pixels.shape[1] > 1500
    assert 0.02 < (pixels < 0.9).any(axis=-1).mean() < 0.4


def test_pyplot_and_its_settings_stay_untouched() -> None:
    # Reading rcParams["backend"] would itself choose a back end.
    program = """
import io, sys, matplotlib, pandas
from sbmlgrn.plots import time_course

settings = lambda: {key: matplotlib.rcParams[key] for key in matplotlib.rcParams if key != "backend"}
before = settings()
time_course(pandas.DataFrame({"a": [1.0, 2.0]}, index=[0.0, 1.0])).savefig(io.BytesIO())
assert "matplotlib.pyplot" not in sys.modules
assert settings() == before
"""
    subprocess.run([sys.executable, "-c", program], check=True)


# Severity 1 of Machado, Oliveira & Fernandes 2009, IEEE TVCG 15:1291, on linear RGB.
DEFICIENCIES = {
    "none": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}


def lab(linear: np.ndarray) -> np.ndarray:
    """CIE L*a*b* (D65) of linear sRGB."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = np.cbrt(np.clip(to_xyz @ linear, 1e-6, None) / to_xyz.sum(axis=1))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_colours_can_be_told_apart(deficiency: str) -> None:
    def seen(colour: str) -> np.ndarray:
        rgb = np.array(to_rgb(colour))
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        return lab(np.clip(DEFICIENCIES[deficiency] @ linear, 0, 1))

    for a, b in combinations([*PALETTE, "white"], 2):
        # 10 is several times the just noticeable difference of about 2.3.
        assert np.linalg.norm(seen(a) - seen(b)) > 10, (a, b)


def test_frequency_tuning() -> None:
    t = np.linspace(0, 10, 101)
    course = pd.DataFrame({"1": np.sin(t) + 2, "2": np.cos(t) + 2}, index=t)
    frequency = np.linspace(0, 1, 51)
    spectrum = pd.DataFrame({"before": frequency + 1, "after": 2 - frequency}, index=frequency)
    way = pd.DataFrame({"step": [1.0, 2.0], "seconds": [0.5, 1.0], "loss": [0.1, 0.0]})
    figure = frequency_tuning(
        course,
        course,
        spectrum,
        {"straight_through": way, "gumbel": way},
        frequency_asked=0.3,
        frequency_before=0.2,
        frequency_after=0.3,
        symbol="S",
        time_unit="second",
    )
    figure.canvas.draw()
    axes = {a.get_title(loc="left"): a for a in figure.axes}
    assert axes["before: 0.2 cycles per second"].get_xlabel() == ""
    assert [line.get_label() for line in axes["loss against seconds"].get_lines()] == ["straight_through", "gumbel"]
    assert axes["mean spectrum of S"].get_legend_handles_labels()[1] == ["before", "after", "asked: 0.3"]


def test_a_fit_has_a_panel_for_each_symbol_and_one_for_the_searches() -> None:
    t = np.linspace(0, 10, 11)
    measured = pd.concat(
        pd.DataFrame({"symbol": s, "condition": c, "time": t, "value": t + i, "low": t + i - 1, "high": t + i + 1})
        for i, (s, c) in enumerate([("A", "low"), ("A", "high"), ("B", "low")])
    )
    courses = {c: pd.DataFrame({"A": t, "B": 2 * t}, index=t) for c in ("low", "high")}
    figure = time_course_fit(measured, courses, [1.0, 1.0, 3.0, np.inf], title="fit", time_unit="s", logarithmic=["B"])
    a, b, searches, *rest = figure.axes
    assert [axes.get_title(loc="left") for axes in (a, b)] == ["A", "B"]
    # where a symbol was not measured, no course is drawn
    assert len(a.containers) == 2 and len(b.containers) == 1
    assert b.get_yscale() == "log" and a.get_xlabel() == "time (s)"
    assert searches.get_title(loc="left") == "loss above the best; 1 failed"
    assert not any(axes.axison for axes in rest)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["low", "high"]

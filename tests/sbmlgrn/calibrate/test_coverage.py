"""Intervals hold the truth as often as they say, over many data sets of one model."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import sbmlgrn as sg

REPETITIONS = 40
LEVEL = 0.8


@pytest.mark.parametrize("sigma", [0.1, None], ids=["noise known", "noise estimated"])
def test_intervals_cover_the_truth_at_their_rate(sigma: float | None) -> None:
    network = sg.load("model m; S = 5; P = 0; k = 0.8; q = 0.3; J: S -> P; k*S; K: P -> ; q*P; end")
    truth, t = {"k": 0.8, "q": 0.3}, np.linspace(0, 6, 7)
    s = 5 * np.exp(-0.8 * t)
    p = 5 * 0.8 / (0.3 - 0.8) * (np.exp(-0.8 * t) - np.exp(-0.3 * t))
    hits = dict.fromkeys(truth, 0)
    for seed in range(REPETITIONS):
        rng = np.random.default_rng(seed)
        noise = 0.1 * rng.normal(size=(2, len(t)))
        data = pd.DataFrame({"time": t, "S": s + noise[0], "P": p + noise[1]})
        fit = sg.fit(sg.time_courses(network, data, sigma=sigma), starts=1, level=LEVEL)
        for e in fit.estimates:
            low, high = e.interval
            hits[e.id] += low is not None and high is not None and low < truth[e.id] < high
    # by chance alone, less than once in a thousand
    low, high = stats.binom.ppf([5e-4, 1 - 5e-4], REPETITIONS, LEVEL)
    assert all(low <= count <= high for count in hits.values()), hits

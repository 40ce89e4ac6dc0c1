"""Exact stochastic simulation beside other tools, large networks, and the memory of a million trajectories."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import numpy as np
import pytest

import sbmlgrn as sg
from sbmlgrn.backends.kernel.lanes import Lanes
from sbmlgrn.ssa.native.network import is_large

from .conftest import Report
from .jump_networks import SEVEN, JumpNetwork, cascades, grown
from .measure import QUICK
from .peer import PeerMissing, ask
from .table import Row, Table

TOOLS: Final = ("libroadrunner", "copasi", "rebop", "bioscrape", "bngsim", "gillespy2")
POINTS: Final = 101
RUNS: Final = 32 if QUICK else 256
MILLION: Final = 1e6

pytestmark = pytest.mark.benchmark


def _cost(model: sg.Model, network: JumpNetwork, runs: int) -> tuple[float, float]:
    """Seconds of processor time for a million reactions, the least of three, and reactions of a trajectory."""
    t = np.linspace(0.0, network.end, POINTS)
    sg.simulate_ssa(model, t[:2] * 1e-6, trajectories=1)
    best, events = np.inf, 0.0
    for _ in range(1 if QUICK else 3):
        began = time.process_time()
        found = sg.simulate_ssa(model, t, trajectories=runs, seed=1)
        best = min(best, time.process_time() - began)
        assert found.success
        events = float(found.events.sum())
    return best / events * MILLION, events / runs


def test_peers(report: Report, tmp_path: Path) -> None:
    ours: dict[str, float] = {}
    compiled: dict[str, float] = {}
    events: dict[str, float] = {}
    requests = []
    for i, network in enumerate(SEVEN):
        document = tmp_path / f"{i}.xml"
        sg.save(sg.load(network.antimony()), document)
        requests.append({**network.to_json(), "document": str(document)})
        model = sg.compile(sg.load(document))
        began = time.process_time()
        Lanes(model.system)
        compiled[network.name] = time.process_time() - began
        ours[network.name], events[network.name] = _cost(model, network, RUNS)
    rows: list[Row] = []
    versions: dict[str, str] = {}
    fastest: dict[str, float] = {}
    for tool in TOOLS:
        try:
            reply = ask("jump_processes", tmp_path, tool=tool, networks=requests, budget=0.2 if QUICK else 2.0)
        except PeerMissing as missing:
            rows.append(Row("all", tool, note=str(missing)))
            continue
        versions |= reply["versions"]
        for network in SEVEN:
            name = network.name
            what = f"{name}, {len(network.steps)} reactions"
            if name not in reply["seconds"]:
                rows.append(Row(what, tool, ours[name], note=reply["faults"][name]))
                continue
            theirs = reply["seconds"][name] / events[name] * MILLION
            fastest[name] = min(fastest.get(name, np.inf), theirs)
            rows.append(Row(what, tool, ours[name], theirs))
    ratios = {name: theirs / ours[name] for name, theirs in fastest.items()}
    told = ", ".join(f"{name} {ratio:.3g}×" for name, ratio in ratios.items())
    rates = ", ".join(f"{name} {1 / seconds:.3g}" for name, seconds in ours.items())
    report(
        Table(
            "ssa",
            "Exact stochastic simulation",
            (
                f"Processor time for a million reactions, on one core; {POINTS} times are reported. All tools simulate "
                "the same process over the same time; how many reactions that takes is counted by ours.",
                f"Ours simulates {RUNS} trajectories at once, the others one after the other.",
                "Compilation, not counted: "
                + ", ".join(f"{name} {seconds:.2g} s" for name, seconds in compiled.items())
                + ".",
            ),
            tuple(rows),
            f"The fastest of the others takes, in units of ours: {told or 'no peer was there'}. Ours, in million "
            f"reactions a second on one core: {rates}.",
        ),
        versions,
    )
    assert max(compiled.values()) < 6


def test_large_networks(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = (50, 200) if QUICK else (50, 100, 150, 200, 300, 500, 1000)
    networks = [*map(grown, sizes), *map(cascades, (2,) if QUICK else (5, 10, 30))]
    rows, wrong = [], []
    for network in networks:
        model = sg.compile(sg.load(network.antimony()))
        chosen = is_large(model.system)
        cost = {}
        for large in (False, True):
            with monkeypatch.context() as patch:
                patch.setattr("sbmlgrn.ssa.simulate.is_large", lambda _, large=large: large)
                cost[large], _ = _cost(model, network, 32)
        if cost[chosen] > 1.5 * cost[not chosen]:
            wrong.append(network.name)
        note = "by what each reaction changes" if chosen else "in lanes"
        rows.append(
            Row(
                f"{network.name}, {len(network.steps)} reactions",
                "the other loop",
                cost[chosen],
                cost[not chosen],
                note=note,
            )
        )
    report(
        Table(
            "ssa-large",
            "Large networks",
            ("Processor time for a million reactions, on one core: the loop that is chosen, and the other one.",),
            tuple(rows),
            "Lanes compute all propensities after every reaction, sixteen trajectories at a time; the other loop only "
            "those that have changed, for one trajectory.",
        )
    )
    assert QUICK or not wrong


def test_memory_of_a_million_trajectories(report: Report, tmp_path: Path) -> None:
    runs = 10_000 if QUICK else 1_000_000
    repressilator = next(n for n in SEVEN if n.name == "repressilator")
    document = tmp_path / "repressilator.xml"
    sg.save(sg.load(repressilator.antimony()), document)
    program = (
        "import resource, sys, numpy as np, sbmlgrn as sg\n"
        "model = sg.compile(sg.load(sys.argv[1]))\n"
        f"s = sg.summarise_ssa(model, np.linspace(0, 2, 11), trajectories={runs}, seed=1)\n"
        "print(s.count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)\n"
    )
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", program, str(document)], capture_output=True, text=True, check=True)
    seconds = time.perf_counter() - began
    count, megabytes = (float(x) for x in done.stdout.split())
    report(
        Table(
            "ssa-memory",
            "A million trajectories",
            ("Repressilator, 6 species, 11 times; means, variances, histograms and spectra of all species.",),
            (
                Row(
                    f"{int(count):,} trajectories", ours=seconds, note=f"{megabytes:.0f} MB at most, libraries included"
                ),
            ),
            "Trajectories are summed up portion by portion, and not kept.",
        )
    )
    assert count == runs and megabytes < 1000

"""Exact trajectories of jump processes in one of several tools: how much processor time one takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from common import serve

Network = dict[str, Any]
POINTS = 101


def main(request: dict[str, Any]) -> dict[str, Any]:
    tool = request["tool"]
    seconds, faults = {}, {}
    for network in request["networks"]:
        try:
            run = MAKERS[tool](network)
            run(1)
            began, count = time.process_time(), 0
            while count == 0 or time.process_time() - began < request["budget"]:
                run(count + 2)
                count += 1
            seconds[network["name"]] = (time.process_time() - began) / count
        except Exception as error:
            faults[network["name"]] = f"{type(error).__name__}: {error}"[:120]
    return {"seconds": seconds, "faults": faults}


def libroadrunner(network: Network) -> Callable[[int], object]:
    import roadrunner

    model = roadrunner.RoadRunner(network["document"])
    model.setIntegrator("gillespie")
    model.integrator.variable_step_size = False

    def run(seed: int) -> object:
        model.resetAll()
        model.integrator.seed = seed
        return model.simulate(0, network["end"], POINTS)

    return run


def copasi(network: Network) -> Callable[[int], object]:
    import basico

    basico.load_model(network["document"])

    def run(seed: int) -> object:
        return basico.run_time_course(
            duration=network["end"], intervals=POINTS - 1, method="directMethod", use_seed=True, seed=seed
        )

    return run


def rebop(network: Network) -> Callable[[int], object]:
    import rebop as module

    system = module.Gillespie()
    for step in network["steps"]:
        sides = [[s for s, n in step[side].items() for _ in range(n)] for side in ("reactants", "products")]
        system.add_reaction(network["parameters"][step["rate"]] if step["rate"] else step["law"], *sides)

    def run(seed: int) -> object:
        return system.run(network["species"], network["end"], POINTS - 1, params=network["parameters"], rng=seed)

    return run


def bioscrape(network: Network) -> Callable[[int], object]:
    import numpy as np
    from bioscrape.simulator import py_simulate_model
    from bioscrape.types import Model

    reactions = []
    for step in network["steps"]:
        sides = [[s for s, n in step[side].items() for _ in range(n)] for side in ("reactants", "products")]
        kind = ("massaction", {"k": step["rate"]}) if step["rate"] else ("general", {"rate": step["law"]})
        reactions.append((*sides, *kind))
    model = Model(
        species=list(network["species"]),
        reactions=reactions,
        parameters=list(network["parameters"].items()),
        initial_condition_dict=network["species"],
    )
    times = np.linspace(0.0, network["end"], POINTS)
    return lambda seed: py_simulate_model(times, Model=model, stochastic=True, return_dataframe=False)


def bngsim(network: Network) -> Callable[[int], object]:
    import bngsim as module

    model = module.Model.from_sbml(network["document"])
    simulator = module.Simulator(model, method="ssa")

    def run(seed: int) -> object:
        model.reset()
        return simulator.run(t_span=(0.0, network["end"]), n_points=POINTS, seed=seed)

    return run


def gillespy2(network: Network) -> Callable[[int], object]:
    import gillespy2 as module
    import numpy as np

    model = module.Model(name="network")
    model.add_species([module.Species(name=s, initial_value=n) for s, n in network["species"].items()])
    model.add_parameter([module.Parameter(name=p, expression=str(v)) for p, v in network["parameters"].items()])
    for i, step in enumerate(network["steps"]):
        model.add_reaction(
            module.Reaction(
                name=f"R{i}",
                reactants=step["reactants"],
                products=step["products"],
                propensity_function=step["law"].replace("^2", "**2"),
            )
        )
    model.timespan(np.linspace(0.0, network["end"], POINTS))
    solver = module.SSACSolver(model=model)
    many = 10  # a run is a program of its own

    def run(seed: int) -> object:
        return model.run(solver=solver, number_of_trajectories=many, seed=seed)

    return run


MAKERS: dict[str, Callable[[Network], Callable[[int], object]]] = {
    "libroadrunner": libroadrunner,
    "copasi": copasi,
    "rebop": rebop,
    "bioscrape": bioscrape,
    "bngsim": bngsim,
    "gillespy2": gillespy2,
}
PACKAGES = {"copasi": "copasi_basico"}

if __name__ == "__main__":
    import json
    import sys

    text = sys.stdin.read()
    sys.stdin = __import__("io").StringIO(text)
    tool = json.loads(text)["tool"]
    serve(main, PACKAGES.get(tool, tool))

"""dy/dt at the start, against libRoadRunner, on every BioModel of supported features."""

import math

import roadrunner

import sbmlgrn as sg
from sbmlgrn.network import Network, RateRule

from .biomodels import supported


def theirs(network: Network, names: tuple[str, ...]) -> dict[str, float]:
    """Rate of change of each state: of amounts of species in reactions, of the symbol under a rate rule."""
    runner = roadrunner.RoadRunner(network.source)
    ruled = runner.getRatesOfChangeNamedArray()
    rates = dict(zip((n.removesuffix("'") for n in ruled.colnames), ruled[0], strict=True))
    under_rule = {r.variable for r in network.rules if isinstance(r, RateRule)}
    species = {s.id for s in network.species}  # what only events change has no rate there
    return {
        n: float(rates[n] if n in under_rule else runner.getValue(f"{n}'").real)
        for n in names
        if n in under_rule or n in species
    }


def agree(ours: float, theirs: float, floor: float) -> bool:
    """Whether the two are equal to 1e-10. Some models have rates that are NaN at the start."""
    if math.isnan(theirs):
        return math.isnan(ours)
    return abs(ours - theirs) <= 1e-10 * max(abs(theirs), floor)


def test_right_hand_sides_agree() -> None:
    compared, wrong = 0, []
    roadrunner.Logger.setLevel(roadrunner.Logger.LOG_FATAL)
    for name, network in supported():
        model = sg.compile(network)
        # libRoadRunner executes events at the start as soon as it loads, and does not know delays
        if not model.state_ids or network.events or model.system.delays:
            continue
        p = model.parameters_default
        ours = dict(zip(model.state_ids, model.rhs(0.0, model.initial(p), p).tolist(), strict=True))
        try:
            expected = theirs(network, model.state_ids)
        except RuntimeError:  # libRoadRunner cannot load the model
            continue
        compared += 1
        # sums of terms that cancel are compared on the scale of the model's fastest process
        fastest = (
            model.propensities(0.0, model.initial(p), p).abs().nan_to_num().max().item() if model.reaction_ids else 0.0
        )
        floor = 1e-8 * max(fastest, *(abs(e) for e in expected.values() if math.isfinite(e)))
        off = {n: (ours[n], e) for n, e in expected.items() if not agree(ours[n], e, floor)}
        if off:
            wrong.append((name, off))
    assert not wrong, wrong
    assert compared >= 100

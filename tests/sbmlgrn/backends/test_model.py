import pickle
from collections.abc import Callable
from copy import deepcopy

import pytest
import torch

import sbmlgrn as sg
from sbmlgrn.network import UnknownElementError

TEXT = "compartment c = 2; S in c; T in c; R: S -> T; k*S*c; k = 0.5; S = 3; T = 0; total := S + T"


@pytest.fixture
def model() -> sg.Model:
    return sg.compile(sg.load(TEXT))


def test_names_values_and_shapes(model: sg.Model) -> None:
    assert model.state_ids == ("S", "T") and model.reaction_ids == ("R",)
    assert dict(zip(model.parameter_ids, model.parameters_default.tolist(), strict=True)) == {
        "c": 2.0,
        "S": 3.0,
        "T": 0.0,
        "k": 0.5,
    }
    p = model.parameters_default
    y = model.initial(p)
    assert y.tolist() == [6.0, 0.0]
    assert model.rhs(0.0, y, p).tolist() == [-3.0, 3.0] and model.propensities(0.0, y, p).tolist() == [3.0]
    assert model(0.0, y, p).tolist() == [-3.0, 3.0]
    assert model.observe(0.0, y, p, ["total", "S"]).tolist() == [3.0, 3.0]
    assert model.observe(0.0, y, p).shape == (len(model.observable_ids),)
    batch = p.expand(5, -1)
    assert model.rhs(0.0, model.initial(batch), batch).shape == (5, 2)


def test_parameters_by_name(model: sg.Model) -> None:
    k = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    p = model.parameter_vector({"k": k, "T": 0.7})  # which single precision does not have
    assert p.tolist() == [[2.0, 3.0, 0.7, 1.0], [2.0, 3.0, 0.7, 2.0]]
    p.sum().backward()
    assert k.grad is not None and k.grad.tolist() == [1.0, 1.0]
    assert model.parameters_default.tolist() == [2.0, 3.0, 0.0, 0.5]


def test_wrong_parameters_are_named(model: sg.Model) -> None:
    with pytest.raises(UnknownElementError, match="unknown parameter 'kk': did you mean 'k'"):
        model.parameter_vector({"kk": 1.0})
    with pytest.raises(ValueError, match=r"shape \(3,\), expected \[4\]"):
        model.parameter_vector(torch.zeros(3))
    with pytest.raises(ValueError, match="differ in batch size"):
        model.parameter_vector({"k": torch.ones(2), "S": torch.ones(3)})
    with pytest.raises(ValueError, match=r"'k' has shape \(1, 1\)"):
        model.parameter_vector({"k": torch.ones(1, 1)})


@pytest.mark.parametrize("copied", [deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_used_model_can_be_copied(model: sg.Model, copied: Callable[[sg.Model], sg.Model]) -> None:
    times = [0.0, 1.0, 2.0]
    solution = sg.simulate(model, times, {"k": torch.tensor([0.5, 1.5])}, method="dopri5")
    other = copied(model)
    assert other.state_ids == model.state_ids
    again = sg.simulate(other, times, {"k": torch.tensor([0.5, 1.5])}, method="dopri5")
    assert torch.equal(again.states, solution.states)
    other.parameters_default.fill_(1.0)
    assert model.parameters_default.tolist() == [2.0, 3.0, 0.0, 0.5]


def test_single_precision(model: sg.Model) -> None:
    single = sg.compile(sg.load(TEXT), dtype=torch.float32)
    assert single.initial(single.parameters_default).dtype == torch.float32


def test_gradients_of_the_right_hand_side(model: sg.Model) -> None:
    p = (model.parameters_default + 0.1).requires_grad_()
    y = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    time = torch.tensor(1.0, dtype=torch.float64)
    torch.autograd.gradcheck(lambda a, b: model.rhs(time, a, b), (y, p))
    torch.autograd.gradcheck(model.initial, (p,))


def test_torch_compile_sees_one_graph(model: sg.Model) -> None:
    p = model.parameters_default
    y = model.initial(p)
    model.rhs(0.0, y, p)  # source is generated on first use
    explained = torch._dynamo.explain(lambda y, p: model.rhs(0.0, y, p))(y, p)
    assert explained.graph_break_count == 0, explained.break_reasons

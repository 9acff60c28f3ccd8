"""Training: what is kept, what is refused, and what ends it."""

import pytest
import torch

from multigen_core.errors import MultigenError
from multigen_core.learning.group import Group
from multigen_core.learning.loop import Training, begin_from, validated
from multigen_core.learning.settings import Settings
from multigen_core.learning.weights import Kind, WeightsError

from .learner import STEPS, learn, network

ALONE = Group(0, 1, torch.device("cpu"))


def state(folder):
    return torch.load(folder / "line.state.pt", weights_only=True)


def test_a_training_that_was_stopped_ends_as_one_that_was_not(tmp_path) -> None:
    learn(tmp_path / "whole", ALONE)
    learn(tmp_path / "halves", ALONE, stop=5)
    assert state(tmp_path / "halves")["step"] == 5
    learn(tmp_path / "halves", ALONE)
    whole, halves = state(tmp_path / "whole"), state(tmp_path / "halves")
    assert whole["step"] == halves["step"] == STEPS
    for part in ("module", "average"):
        for key, value in whole[part].items():
            assert torch.equal(value, halves[part][key])


def test_every_step_has_random_numbers_of_its_own_however_one_came_there(tmp_path) -> None:
    module = torch.nn.Linear(1, 1)

    def drawn(name, steps):
        found = []
        training = Training(module, name, Settings(tmp_path, seed=4), ALONE, steps)
        for step, rng in training:
            found.append((step, rng.random(), float(torch.rand(()))))
            training.learn(module(torch.ones(1, 1)).sum(), {})
        return found

    whole = drawn("whole", 4)
    assert len(set(whole)) == 4
    assert drawn("halves", 2) + drawn("halves", 4) == whole


def test_what_is_shipped_is_the_average_of_the_weights(tmp_path) -> None:
    module = network()
    training = Training(module, "line", Settings(tmp_path), ALONE, 4)
    for _ in training:
        training.learn((module(torch.ones(1, 5)) ** 2).sum(), {})
    last = module[0].weight.detach().clone()
    training.finish()
    assert not torch.equal(module[0].weight, last)
    assert torch.equal(module[0].weight, state(tmp_path)["average"]["0.weight"])


@pytest.mark.parametrize("keep", [0, 0.02, 0.5, 0.99])
def test_half_a_state_is_refused_by_name(tmp_path, keep) -> None:
    learn(tmp_path, ALONE, stop=2)
    path = tmp_path / "line.state.pt"
    data = path.read_bytes()
    path.write_bytes(data[: int(keep * len(data))])
    with pytest.raises(MultigenError, match=r"line\.state\.pt: cannot be continued \(.+\); delete"):
        learn(tmp_path, ALONE)


@pytest.mark.parametrize(
    "foreign",
    [
        [1, 2],
        {"module": {}},
        {"format": 1, "training": "mouth", "step": 3},
        {"format": 0, "training": "line", "step": 3},
        {"format": 1, "training": "line", "module": {"weight": torch.zeros(2)}},
    ],
    ids=["list", "unmarked", "another", "older", "other_shapes"],
)
def test_a_foreign_state_is_refused_by_name(tmp_path, foreign) -> None:
    torch.save(foreign, tmp_path / "line.state.pt")
    with pytest.raises(MultigenError, match=r"line\.state\.pt: cannot be continued"):
        learn(tmp_path, ALONE)


def test_the_state_of_another_training_says_whose_it_is(tmp_path) -> None:
    learn(tmp_path, ALONE, stop=2)
    (tmp_path / "line.state.pt").rename(tmp_path / "curve.state.pt")
    with pytest.raises(MultigenError, match="of line in format 1, expected curve"):
        Training(network(), "curve", Settings(tmp_path), ALONE, STEPS)


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_a_loss_that_is_no_number_names_the_step_and_leaves_the_last_good_state(
    tmp_path, bad
) -> None:
    learn(tmp_path, ALONE, stop=3)
    before = (tmp_path / "line.state.pt").read_bytes()
    module = network()
    training = Training(module, "line", Settings(tmp_path), ALONE, STEPS)
    training.learn((module(torch.ones(1, 5)) ** 2).sum(), {})
    good = [value.clone() for value in module.state_dict().values()]
    with pytest.raises(
        MultigenError, match=r"line: the loss is (nan|inf) at step 4; .*keeps the state at step 3"
    ):
        training.learn(module(torch.full((1, 5), bad)).sum() ** 2 * bad, {})
    assert all(map(torch.equal, good, module.state_dict().values()))
    assert (tmp_path / "line.state.pt").read_bytes() == before


def test_a_gradient_that_is_no_number_ends_it_before_the_weights_are_lost(tmp_path) -> None:
    line = torch.nn.Linear(1, 1)
    training = Training(line, "line", Settings(tmp_path), ALONE, 10)
    with pytest.raises(MultigenError, match="the gradient is nan at step 0; no state is kept yet"):
        training.learn(torch.sqrt((line.weight - line.weight).sum()), {})
    assert torch.isfinite(line.weight).all()


def test_validation_takes_no_random_numbers_from_training() -> None:
    torch.manual_seed(3)
    expected = torch.rand(2)[1]
    torch.manual_seed(3)
    torch.rand(())

    def loss(rng):
        return torch.rand(4) + float(rng.random())

    assert validated(loss) == validated(loss)
    assert torch.rand(()) == expected


def test_bfloat16_is_computed_in_if_asked_for(tmp_path) -> None:
    line = torch.nn.Linear(2, 2)
    for wanted, kind in ((True, torch.bfloat16), (False, torch.float32)):
        training = Training(line, "line", Settings(tmp_path, bf16=wanted), ALONE, 1)
        with training.autocast():
            assert line(torch.ones(1, 2)).dtype == kind


def test_missing_weights_are_no_beginning(tmp_path) -> None:
    with pytest.raises(WeightsError, match=r"line\.safetensors: cannot be read"):
        begin_from(network(), tmp_path, "line", Kind("line", 1, ""))

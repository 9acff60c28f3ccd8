"""Where the target stands in the public camera's picture, against what is drawn there."""

import math

import numpy as np
import pytest
import torch

from multigen_audio.flow.networks.placing import PLACE, Finder, cut, moved, place
from multigen_audio.flow.picture import SIZES
from multigen_audio.flow.training.eye_data import _zoomed
from multigen_core.arm import Arm
from multigen_core.simulator import make_simulator
from multigen_core.world.catalogue import vessel
from multigen_core.world.scene import load_scene

HEIGHT, WIDTH = SIZES["public"]


def drawn(scene, target):
    """What the scene's camera shows of a target in place of its own."""
    spec = {**dict(scene.target), "vessel": target, "volume_ml": 0.0}
    simulator = make_simulator("mujoco", Arm.load())
    try:
        simulator.reset(type(scene).model_validate({**dict(scene), "target": spec}), 0)
        return simulator.render("public").rgb.astype(int)
    finally:
        simulator.close()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_place_is_where_the_target_is_drawn(seed):
    scene = load_scene("randomised", seed)
    can = vessel("can").model_copy(update={"profile": ((0.0, 0.03), (0.12, 0.03))})
    red, blue = (can.model_copy(update={"colour": (*c, 1.0)}) for c in np.eye(3)[[0, 2]])
    shown = np.abs(drawn(scene, red) - drawn(scene, blue)).sum(-1) > 60
    where = place(scene.camera, can, scene.target.position)
    foot, rim, (along, across) = where[:2], where[2:4], np.exp(where[4:])
    columns, rows = np.flatnonzero(shown.any(0)), np.flatnonzero(shown.any(1))
    middle = (foot + rim) / 2
    width = shown[round(middle[1])]
    assert np.flatnonzero(width).mean() == pytest.approx(middle[0], abs=1.0)
    assert width.sum() == pytest.approx(2 * 0.0301 * across, abs=2.0)
    assert columns.mean() == pytest.approx(middle[0], abs=2.5)
    # Beyond the ends of the axis show the foot's near half and the mouth's far half.
    assert foot[1] < rows[-1] < foot[1] + 0.6 * 0.0301 * across
    assert rim[1] - 0.5 * 0.0301 * across < rows[0] < rim[1] + 1.0
    assert along == pytest.approx(np.hypot(*(rim - foot)) / can.rim_height)


def test_a_cut_shows_what_its_coordinates_say():
    rows, columns = torch.meshgrid(torch.arange(HEIGHT), torch.arange(WIDTH), indexing="ij")
    picture = torch.stack([columns, rows, torch.zeros_like(rows)]).float()[None]
    there = torch.tensor([[150.0, 200.0, 150.0, 100.0, math.log(500.0), math.log(600.0)]])
    up, across = torch.tensor([0.1, 0.0]), torch.tensor([-0.05, 0.0, 0.02])
    found = cut(picture, there, up, across, from_rim=False)[0]
    torch.testing.assert_close(found[0], torch.tensor([[120.0, 150.0, 162.0]] * 2))
    torch.testing.assert_close(found[1], torch.tensor([[150.0] * 3, [200.0] * 3]))
    above = cut(picture, there, up, across, from_rim=True)[0]
    torch.testing.assert_close(above[1], torch.tensor([[50.0] * 3, [100.0] * 3]))


def test_a_zoomed_picture_has_its_place_moved_along():
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (1, 12, 16, 3)).astype(np.uint8)
    picture = coarse.repeat(20, 1).repeat(20, 2)
    there = np.array([150.0, 200.0, 155.0, 100.0, np.log(500.0), np.log(600.0)], np.float32)
    zoom, shift = 1.07, np.array([-9.0, 4.5])
    after = moved(there, zoom, shift)
    grid = torch.linspace(0.0, 0.1, 40), torch.linspace(-0.05, 0.05, 40)

    def around(shown, where):
        pixels = torch.from_numpy(shown).permute(0, 3, 1, 2).float()
        return cut(pixels, torch.from_numpy(where)[None], *grid, from_rim=False)

    error = (around(_zoomed(picture, zoom, shift), after) - around(picture, there)).abs()
    assert error.mean() < 3.0
    assert (around(picture, after) - around(picture, there)).abs().mean() > 15.0


def test_the_finder_finds_where_heat_is_and_calls_it_cold_elsewhere():
    finder = Finder().eval()
    there = torch.tensor([[100.0, 180.0, 104.0, 90.0, 6.3, 6.3]])
    spots = there[:, :4].view(1, 2, 1, 2)
    heat = -((finder.cells - spots) ** 2).sum(-1) / 128
    found = (heat.softmax(-1) @ finder.cells).flatten(1)
    torch.testing.assert_close(found, there[:, :4], atol=0.1, rtol=0)
    elsewhere = there + torch.tensor([30.0, 0, 0, 0, 0, 0])
    assert finder.coldness(heat, there) < finder.coldness(heat, elsewhere)
    with torch.no_grad():
        places, _ = finder(torch.zeros(2, 3, HEIGHT, WIDTH))
    assert places.shape == (2, PLACE)

import argparse

import cv2
import numpy as np
import pytest

from multigen_core.arm import Arm
from multigen_core.errors import MultigenError
from multigen_core.world.scene import Scene
from multigen_sim import bench
from multigen_sim.picture_sheet import pour_pictures, pouring_picture
from multigen_sim.sim_command import register_sim


@pytest.fixture
def multigen_sim():
    parser = argparse.ArgumentParser()
    register_sim(parser)

    def call(*words):
        args = parser.parse_args(words)
        return args.run(args)

    return call


def test_list_names_scenes_vessels_and_liquids(multigen_sim, capsys):
    multigen_sim("list")
    printed = capsys.readouterr().out
    for name in ("randomised", "can", "syrup"):
        assert name in printed


def test_show_writes_a_sheet_of_the_scene(multigen_sim, tmp_path):
    out = tmp_path / "sheet.png"
    multigen_sim("show", "--scene", "opaque", "-o", str(out))
    sheet = cv2.imread(str(out))
    assert sheet.shape[1] == 2 * (320 + 300)
    assert sheet.std() > 20


def test_urdf_is_printed(multigen_sim, capsys):
    multigen_sim("urdf")
    assert '<robot name="gen3">' in capsys.readouterr().out
    with pytest.raises(MultigenError, match="gen3"):
        multigen_sim("urdf", "--arm", "hydra")


def test_validate_refuses_no_pours(multigen_sim):
    with pytest.raises(MultigenError, match="at least 1"):
        multigen_sim("validate", "--pours", "0")


def test_compare_draws_the_same_pours_by_each_backend(multigen_sim, tmp_path, capsys):
    out = tmp_path / "backends.png"
    multigen_sim("compare", "--backend", "mujoco", "-o", str(out))
    rows = [line for line in capsys.readouterr().out.splitlines() if "mujoco" in line]
    assert len(rows) == 2
    cells = [[cell.strip() for cell in row.split("│")] for row in rows]
    lags = {pour: float(lag) for _, _, pour, lag, *_ in cells}
    assert lags["fast"] > 1.2 * lags["slow"] > 0.0
    assert cv2.imread(str(out)).std() > 20


def test_unwritable_sheet_is_an_error(multigen_sim, tmp_path):
    with pytest.raises(MultigenError, match="No such file"):
        multigen_sim("show", "-o", str(tmp_path / "nowhere" / "sheet.png"))
    with pytest.raises(MultigenError, match="atlantis"):
        multigen_sim("show", "--scene", "atlantis", "-o", str(tmp_path / "sheet.png"))


def test_a_pouring_picture_shows_a_stream():
    still, flowing = (pouring_picture(Scene(), 0, Arm.load(), volume)[1] for volume in (0.0, 60e-6))
    air = np.s_[30:60, 85:150]
    assert not np.ptp(still[air], axis=(0, 1)).any()
    assert np.ptp(flowing[air], axis=(0, 1)).max() > 50


def test_pictures_come_at_the_times_asked_for():
    first, last = pour_pictures(Scene(), 0, Arm.load(), [0.0, 4.3])
    assert (first[1] != last[1]).any()


def test_bench_gives_positive_figures(monkeypatch):
    monkeypatch.setattr(bench, "_DURATION", 0.3)
    figures = bench.run(argparse.Namespace())
    assert {
        "offline_real_time_factor",
        "physics_real_time_factor",
        "render_ms",
        "hearing_view_ms",
    } <= set(figures)
    numbers = [value for value in figures.values() if not isinstance(value, str)]
    assert len(numbers) > 10
    assert all(value > 0 for value in numbers)
    assert figures["peer"]

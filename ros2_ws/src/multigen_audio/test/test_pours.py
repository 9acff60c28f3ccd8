"""Simulated pours: functions of their seeds, varied, honest about what is held out, and kept."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multigen_audio.pours.files import Pictures
from multigen_audio.pours.simulation import (
    FRAME_RATE,
    STATE_RATE,
    load,
    pours,
    save,
    simulate,
)
from multigen_core.errors import MultigenError
from multigen_core.world.catalogue import vessel, vessels
from multigen_core.world.varied_vessel import varied

SEED = 3


@pytest.fixture(scope="module")
def pour():
    return simulate(SEED)


@pytest.fixture(scope="module")
def saved(pour, tmp_path_factory):
    path = tmp_path_factory.mktemp("pours") / "pour.npz"
    save(pour, path)
    return path


def test_a_seed_gives_the_same_pour_with_and_without_pictures(pour):
    assert simulate(SEED, pictures=False).states == pour.states


def test_seeds_give_different_vessels(pour):
    other = simulate(SEED + 1, pictures=False)
    assert other.target.profile != pour.target.profile


def test_frames_belong_to_states(pour):
    every = STATE_RATE // FRAME_RATE
    assert [f.stamp for f in pour.cutaway] == [s.stamp for s in pour.states[::every]]


def test_what_flows_in_is_what_the_target_gains(pour):
    flowed = sum(state.inflow_rate for state in pour.states) / STATE_RATE
    gained = pour.states[-1].target_volume - pour.states[0].target_volume
    assert flowed > 20e-6
    assert flowed == pytest.approx(gained, rel=0.02, abs=1e-6)


def test_something_flows_and_something_is_still(pour):
    flows = np.array([state.inflow_rate > 1e-7 for state in pour.states])
    assert flows.any()
    assert not flows[:20].any()
    assert not flows[-20:].any()


def test_training_pours_use_nothing_held_out(pour):
    assert pour.target.name not in vessels()
    assert not pour.scene.source.vessel.held_out
    assert not pour.scene.liquid.held_out


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_held_out_pours_use_something_held_out(seed):
    held = simulate(seed, pictures=False, held_out=True)
    assert held.scene.target.vessel.held_out or held.scene.liquid.held_out


def test_a_saved_pour_is_the_same(pour, saved):
    again = load(saved)
    assert again.states == pour.states
    assert again.target.profile == pour.target.profile
    assert [f.stamp for f in again.cutaway] == [f.stamp for f in pour.cutaway]
    assert np.array_equal(again.cutaway[-1].rgb, pour.cutaway[-1].rgb)


def test_chosen_pictures_are_read_alone(pour, saved):
    few = Pictures.read(saved, "cutaway").take([5, 2])
    assert np.array_equal(few[0], pour.cutaway[5].rgb)
    assert np.array_equal(few[1], pour.cutaway[2].rgb)


def test_the_file_of_a_varied_vessel_comes_back(pour, saved, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert load(saved).scene.target.vessel.profile == pour.target.profile


def test_a_view_that_was_not_saved_is_named(saved):
    with pytest.raises(MultigenError, match="no public pictures"):
        Pictures.read(saved, "public")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a zip"])
def test_a_broken_file_is_named(tmp_path, content):
    path = tmp_path / "broken.npz"
    path.write_bytes(content)
    with pytest.raises(MultigenError, match=r"broken\.npz: not a pour"):
        load(path)


def test_pours_are_simulated_once(tmp_path):
    (first,) = pours([SEED], tmp_path, pictures=False)
    made = first.stat().st_mtime_ns
    (again,) = pours([SEED], tmp_path, pictures=False)
    assert again == first
    assert again.stat().st_mtime_ns == made


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(sorted(vessels())))
def test_varied_vessels_fit_the_hearing_view(seed, name):
    other = varied(vessel(name), np.random.default_rng(seed))
    r = np.array(other.profile)[:, 1]
    assert r.max() + other.wall <= 0.0781
    assert other.rim_height <= 0.226
    assert other.mouth_radius >= 0.0099
    assert other.name not in vessels()

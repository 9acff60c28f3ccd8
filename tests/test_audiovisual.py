"""The learned policy with its shipped weights, in closed loop without ROS."""

from dataclasses import replace

import numpy as np
import pytest

from multigen_core.arm import Arm
from multigen_core.arm.description import select_joints
from multigen_core.errors import MultigenError
from multigen_core.learning.weights import WeightsError
from multigen_core.policy import Observation, PolicyConfig, PourGoal, Sense, make_policy
from multigen_core.station import Station, Told
from multigen_core.world.scene import Scene
from multigen_policy.learned.weights import weights_folder
from multigen_policy.rollouts.closed_loop import Job, run_job, shared_simulator
from multigen_policy.rollouts.disturbances import Disturbance

JOB = Job("default", 1, "audiovisual", "flow", Told.STATION, 120.0, 120.0)


def test_it_pours_what_it_sees_and_hears():
    result = run_job(JOB)
    assert result["outcome"] == "succeeded"
    assert result["relative_error"] < 0.35
    assert result["spill_fraction"] < 0.05


@pytest.mark.parametrize(
    "disturbance",
    [
        Disturbance(dead_camera=True),
        Disturbance(dead_microphone=True),
        Disturbance(deaf_after=(1.0, 2.0)),
    ],
    ids=["blind", "deaf", "deafened"],
)
def test_a_pour_without_one_of_the_senses_comes_to_an_end_and_overflows_nothing(disturbance):
    result = run_job(replace(JOB, disturbance=disturbance))
    assert result["outcome"] in ("succeeded", "aborted")
    assert result["spill_fraction"] < 0.05


@pytest.mark.parametrize(("light", "looks"), [(1.0, True), (0.03, False)])
def test_it_plans_for_the_target_that_it_sees_unless_it_is_dark(light, looks):
    arm, scene = Arm.load(), Scene()
    simulator = shared_simulator("mujoco", arm)
    simulator.reset(scene, 0)
    frame = simulator.render("public")
    frame = replace(frame, rgb=(light * frame.rgb).astype(np.uint8))
    joints = select_joints(simulator.state().joints, arm.names)
    policy = make_policy(PolicyConfig(Station.of(scene, arm, Told.STATION), "audiovisual"))
    policy.reset(PourGoal(1e-4))
    for now in range(0, 10**9, 10**8):
        alive = frozenset({Sense.IMAGE})
        policy.act(Observation(now, now, joints, alive=alive, image=replace(frame, stamp=now)))
        if policy._station:
            break
    found = policy._station.target
    assert (found is not None) == looks
    if found:
        assert found.rim_height == pytest.approx(scene.target.vessel.rim_height, abs=0.03)


def test_a_goal_beyond_the_held_vessel_is_refused():
    policy = make_policy(PolicyConfig(Station.of(Scene(), Arm.load()), "audiovisual"))
    with pytest.raises(MultigenError, match=r"cannot pour 5000 ml: the .* holds at most"):
        policy.reset(PourGoal(5e-3))


def test_another_arm_and_missing_weights(tmp_path):
    station = Station.of(Scene(), Arm.load("ur5e"))
    make_policy(PolicyConfig(station, "audiovisual"))
    with pytest.raises(WeightsError, match="no such folder; create it with `multigen train-policy"):
        make_policy(PolicyConfig(station, "audiovisual", str(tmp_path / "none")))
    (tmp_path / "weights").mkdir()
    for file in weights_folder().glob("ear.*"):
        (tmp_path / "weights" / file.name).write_bytes(file.read_bytes())
    with pytest.raises(WeightsError, match=r"mind\.safetensors: cannot be read as weights"):
        make_policy(PolicyConfig(station, "audiovisual", str(tmp_path / "weights")))

from dataclasses import replace

import numpy as np
import pytest

from multigen_core.arm import Arm
from multigen_core.arm.kinematics import UnreachableError
from multigen_core.errors import MultigenError
from multigen_core.station import Station, Told
from multigen_core.station.pour_path import plan_pour
from multigen_core.world.scene import ArmSpec, Scene, SourceSpec, TargetSpec, load_scene
from multigen_sim.mujoco.simulator import MujocoSimulator
from multigen_sim.views.model_names import SOURCE

ARM = Arm.load()
SCENE = Scene()


@pytest.fixture
def simulator():
    sim = MujocoSimulator(ARM)
    sim.reset(SCENE, 0)
    yield sim
    sim.close()


def path_of(scene):
    return plan_pour(Station.of(scene, ARM, Told.TARGET))


def pour(sim, scene=SCENE, tilt=1.3, rate=0.4, seconds=5.0):
    path = path_of(scene)
    for tick in range(int(seconds / 0.01)):
        now = min(rate * 0.01 * tick, tilt)
        speed = rate if now < tilt else 0.0
        sim.command(path.at(now), path.slope(now) * speed)
        sim.step(10)


def test_starts_upright_at_time_zero_with_the_scene_s_liquid(simulator):
    state = simulator.state()
    assert state.joints.stamp == state.liquid.stamp == state.pour.stamp == 0
    assert state.joints.names == (*ARM.names, "robotiq_85_left_knuckle_joint")
    assert state.joints.positions[:7] == pytest.approx(path_of(SCENE).at(0.0), abs=1e-9)
    assert state.liquid.source_tilt == pytest.approx(0.0, abs=1e-6)
    assert state.pour.source_volume == pytest.approx(350e-6)
    assert state.pour.poured_volume == 0.0


def test_a_state_is_the_same_until_the_next_step(simulator):
    first = simulator.state()
    assert simulator.state() is first
    simulator.step(1)
    assert simulator.state().joints.stamp == first.joints.stamp + 1_000_000


def test_knuckle_closes_on_the_vessel(simulator):
    wide = simulator.state().joints.positions[-1]
    simulator.reset(Scene(source=SourceSpec(vessel="shaker", grasp_height=0.03)), 0)
    assert 0.0 < wide < simulator.state().joints.positions[-1] < 0.8


def test_holds_the_loaded_vessel_against_gravity(simulator):
    start = simulator.state().joints.positions
    simulator.step(2000)
    assert simulator.state().joints.positions == pytest.approx(start, abs=1e-3)


def test_payload_gets_lighter_as_liquid_leaves(simulator):
    body = simulator._model.body(SOURCE).id
    heavy = simulator._model.body_mass[body]
    pour(simulator)
    poured = 350e-6 - simulator.state().pour.source_volume
    assert poured > 50e-6
    assert heavy - simulator._model.body_mass[body] == pytest.approx(poured * 998.2, rel=1e-6)


def test_follows_the_path_with_little_lag_and_pours(simulator):
    pour(simulator, tilt=1.3, seconds=6.0)
    assert simulator.state().joints.positions[:7] == pytest.approx(path_of(SCENE).at(1.3), abs=5e-3)
    state = simulator.state().pour
    assert state.poured_volume > 50e-6
    assert state.poured_mass == pytest.approx(state.poured_volume * 998.2)
    total = simulator.liquid.hydraulics.volumes.total
    assert total == pytest.approx(350e-6, rel=1e-9)


def test_arm_moves_no_faster_than_its_drives_allow(simulator):
    target = simulator.state().joints.positions[:7] + 2.0
    simulator.command(np.clip(target, ARM.lower, ARM.upper), np.zeros(7))
    torques = []
    for _ in range(200):
        simulator.step(1)
        torques.append(np.abs(simulator._data.qfrc_actuator).copy())
    assert (np.max(torques, axis=0) <= np.array([39, 39, 39, 39, 9, 9, 9]) + 1e-6).all()
    assert np.abs(simulator.state().joints.positions[:7] - target).max() > 0.1


def test_joint_limits_hold(simulator):
    simulator.command(np.where(np.isfinite(ARM.upper), ARM.upper + 0.5, ARM.home), np.zeros(7))
    simulator.step(4000)
    assert (simulator.state().joints.positions[:7] < ARM.upper + 0.05).all()


def test_command_delay_is_obeyed():
    scene = Scene(arm=ArmSpec(command_delay=0.1))
    sim = MujocoSimulator(ARM)
    sim.reset(scene, 0)
    start = sim.state().joints.positions[:7]
    sim.command(start + 0.05, np.zeros(7))
    sim.step(95)
    assert sim.state().joints.positions[:7] == pytest.approx(start, abs=1e-3)
    sim.step(400)
    assert sim.state().joints.positions[:7] == pytest.approx(start + 0.05, abs=5e-3)


def test_servo_lag_delays_by_its_time_constant():
    step = 0.02
    reached = {}
    for lag in (0.0, 0.1):
        sim = MujocoSimulator(ARM)
        sim.reset(Scene(arm=ArmSpec(servo_lag=lag)), 0)
        start = sim.state().joints.positions[6]
        goal = sim.state().joints.positions[:7] + np.array([0, 0, 0, 0, 0, 0, step])
        sim.command(goal, np.zeros(7))
        sim.step(100)
        reached[lag] = (sim.state().joints.positions[6] - start) / step
        sim.step(1500)
        assert sim.state().joints.positions[6] == pytest.approx(goal[6], abs=1e-4)
    assert reached[0.0] > 0.7
    assert 0.2 < reached[0.1] < 0.62


def test_friction_leaves_the_arm_short_of_its_goal():
    missed = []
    for friction in (0.0, 0.2):
        sim = MujocoSimulator(ARM)
        sim.reset(Scene(arm=ArmSpec(joint_friction=friction)), 0)
        goal = sim.state().joints.positions[:7] + 0.01
        sim.command(goal, np.zeros(7))
        sim.step(3000)
        missed.append(np.abs(sim.state().joints.positions[:7] - goal).max())
    assert missed[0] < 2e-4
    assert missed[1] > 1e-3


def test_encoder_noise_is_drawn_by_seed_and_moment_and_leaves_the_arm_alone():
    scene = Scene(arm=ArmSpec(encoder_noise=0.002))
    sim, quiet = MujocoSimulator(ARM), MujocoSimulator(ARM)
    quiet.reset(SCENE, 3)
    sim.reset(scene, 3)
    errors = []
    for _ in range(200):
        errors.append((sim.state().joints.positions - quiet.state().joints.positions)[:7])
        sim.step(1)
        quiet.step(1)
    assert np.std(errors) == pytest.approx(0.002, rel=0.1)
    assert (sim._data.qpos == quiet._data.qpos).all()


def test_touching_the_table_is_told_once(simulator):
    assert simulator.state().collisions == ()
    low = simulator.state().joints.positions[:7].copy()
    low[1] += 0.6
    told = begun(simulator, low)
    assert any("table" in pair for pair in told)
    simulator.step(10)
    assert simulator.state().collisions == ()


def test_vessels_that_meet_are_told(simulator):
    turned = simulator.state().joints.positions[:7].copy()
    turned[0] -= 0.25
    assert "source and target" in begun(simulator, turned)


def begun(sim, goal):
    """Collisions on the way to `goal`, by one state at its end."""
    for _ in range(150):
        sim.command(goal, np.zeros(7))
        sim.step(10)
    return sim.state().collisions


def test_home_noise_moves_the_start_by_seed():
    scene = Scene(arm=ArmSpec(home_noise=0.01))
    sim = MujocoSimulator(ARM)
    starts = []
    for seed in (1, 1, 2):
        sim.reset(scene, seed)
        starts.append(sim.state().joints.positions)
    assert (starts[0] == starts[1]).all()
    assert np.abs(starts[0] - starts[2]).max() > 1e-3


def test_same_seed_gives_the_same_pour_and_pictures():
    results = []
    for _ in range(2):
        sim = MujocoSimulator(ARM)
        sim.reset(SCENE, 5)
        pour(sim, seconds=4.0)
        results.append((sim.state().liquid, sim.render("cutaway").rgb, sim.render("public").rgb))
        sim.close()
    assert results[0][0] == results[1][0]
    assert (results[0][1] == results[1][1]).all()
    assert (results[0][2] == results[1][2]).all()


def test_steps_may_be_taken_one_by_one_or_at_once(simulator):
    other = MujocoSimulator(ARM)
    other.reset(SCENE, 0)
    goal = simulator.state().joints.positions[:7] + 0.01
    for sim in (simulator, other):
        sim.command(goal, np.zeros(7))
    simulator.step(37)
    for _ in range(37):
        other.step()
    assert (simulator.state().joints.positions == other.state().joints.positions).all()
    assert simulator.state().joints.stamp == 37_000_000


@pytest.mark.parametrize("bad", [np.full(7, np.nan), np.zeros(6), np.full(7, np.inf)])
def test_bad_commands_are_refused(simulator, bad):
    with pytest.raises(MultigenError, match=r"NaN|joints"):
        simulator.command(bad, np.zeros(7))


def test_target_out_of_reach_is_refused():
    far = SCENE.model_copy(update={"target": TargetSpec(position=(1.5, 0.1, 0.0))})
    with pytest.raises(UnreachableError, match="cannot reach"):
        MujocoSimulator(ARM).reset(far, 0)


def test_held_out_things_stay_out_of_training():
    for seed in range(60):
        scene = load_scene("randomised", seed)
        assert not scene.source.vessel.held_out
        assert not scene.target.vessel.held_out
        assert not scene.liquid.held_out


def test_liquid_states_differ_only_by_stamp_when_nothing_happens(simulator):
    first = simulator.state().liquid
    simulator.step(5)
    assert replace(simulator.state().liquid, stamp=0).source_volume == first.source_volume

"""What holds of every shipped arm, and of one that comes from files of its own."""

import mujoco
import numpy as np
import pytest

from multigen_core.arm import Arm
from multigen_core.arm.kinematics import forward
from multigen_core.config.yaml_file import share_directory
from multigen_core.errors import MultigenError
from multigen_core.station import Station, Told
from multigen_core.station.pour_path import plan_pour
from multigen_core.world.scene import Scene, TargetSpec, load_scene
from multigen_sim.mujoco.arm_dynamics import ArmDynamics
from multigen_sim.mujoco.simulator import MujocoSimulator
from multigen_sim.tilt_schedule import TiltSchedule


@pytest.fixture(scope="module", params=["gen3", "ur5e"])
def arm(request):
    return Arm.load(request.param)


@pytest.fixture
def simulator(arm):
    simulator = MujocoSimulator(arm)
    simulator.reset(Scene(), 0)
    yield simulator
    simulator.close()


def path_of(scene, arm):
    return plan_pour(Station.of(scene, arm, Told.TARGET))


def test_the_tool_s_pose_is_that_of_the_shared_kinematics(arm, simulator):
    model, data = simulator._model, simulator._data
    rng = np.random.default_rng(0)
    for _ in range(20):
        q = rng.uniform(np.maximum(arm.lower, -np.pi), np.minimum(arm.upper, np.pi))
        data.qpos[:] = q
        mujoco.mj_kinematics(model, data)
        pose = forward(arm, q)
        assert data.site("tool").xpos == pytest.approx(pose[:3, 3], abs=1e-6)
        assert data.site("tool").xmat.reshape(3, 3) == pytest.approx(pose[:3, :3], abs=1e-6)


def test_it_holds_the_loaded_vessel_against_gravity(simulator):
    start = simulator.state().joints.positions
    simulator.step(2000)
    assert simulator.state().joints.positions == pytest.approx(start, abs=1e-3)


def test_it_follows_a_pour_closely_and_touches_nothing(arm):
    path, schedule = path_of(Scene(), arm), TiltSchedule(rate=0.4, tilt=1.6, stay=0.0)
    joints, lags = len(arm.joints), []
    for tick, simulator in enumerate(schedule.pour(Scene(), 0, arm)):
        state = simulator.state()
        tilt, _ = schedule.at(0.01 * tick)
        lags.append(np.abs(state.joints.positions[:joints] - path.at(tilt)).max())
        assert state.collisions == ()
    assert max(lags) < 0.02
    assert state.pour.poured_volume > 100e-6
    assert state.liquid.source_tilt < 0.02


def test_its_torques_stay_within_the_drives_limits(arm, simulator):
    limits = [link.effort for link in ArmDynamics.of(arm).links]
    goal = np.clip(arm.home + 2.0, arm.lower, arm.upper)
    simulator.command(goal, np.zeros(len(arm.joints)))
    torques = []
    for _ in range(200):
        simulator.step(1)
        torques.append(np.abs(simulator._data.qfrc_actuator).copy())
    assert (np.max(torques, axis=0) <= np.array(limits) + 1e-6).all()
    assert np.max(torques) == pytest.approx(max(limits)), "and reach them"


@pytest.mark.parametrize("name", ["randomised", "held_out", "held_out_opaque", "held_out_liquids"])
def test_it_can_pour_every_draw_of_a_shipped_scene(arm, name):
    for seed in range(25):
        path = path_of(load_scene(name, seed), arm)
        assert np.abs(path.slope(path.tilts)).max() < 1.05


def test_it_touches_nothing_on_its_path_to_any_kind_of_vessel(arm, simulator):
    for target in ("bowl", "kettle", "pint_glass", "mug"):
        scene = Scene(target=TargetSpec(vessel=target))
        simulator.reset(scene, 0)
        path = path_of(scene, arm)
        for tilt in np.linspace(0.0, 2.2, 45):
            simulator._data.qpos[:] = path.at(tilt)
            mujoco.mj_forward(simulator._model, simulator._data)
            assert simulator._data.ncon == 0, (target, tilt)


@pytest.fixture
def own_arm(tmp_path):
    """Writes an arm's description, as changed, and its dynamics into one folder."""
    described = (share_directory("multigen_core") / "config/arms/ur5e.yaml").read_text()
    dynamics = share_directory("multigen_sim") / "config/arm_dynamics/ur5e.yaml"

    def write(change=lambda text: text, links=lambda text: text):
        (tmp_path / "masses.yaml").write_text(links(dynamics.read_text()))
        path = tmp_path / "mine.yaml"
        own = described.replace("name: ur5e", "name: mine\ndynamics: masses.yaml")
        path.write_text(change(own))
        return Arm.load(path)

    return write


def test_an_arm_comes_from_a_file_with_its_dynamics_beside_it(own_arm):
    arm = own_arm()
    simulator = MujocoSimulator(arm)
    simulator.reset(Scene(), 0)
    simulator.step(100)
    assert simulator.state().joints.names == arm.reported_names


def test_an_arm_without_a_gripper_holds_the_vessel_all_the_same(own_arm):
    arm = own_arm(lambda text: "".join(
        line for line in text.splitlines(True) if not line.startswith("gripper")
    ))  # fmt: skip
    simulator = MujocoSimulator(arm)
    simulator.reset(Scene(), 0)
    simulator.step(500)
    state = simulator.state()
    assert state.joints.names == arm.names
    assert state.liquid.source_tilt < 1e-3


def test_dynamics_of_another_arm_are_refused(own_arm):
    arm = own_arm(links=lambda text: "".join(
        line for line in text.splitlines(True) if "wrist_2_link" not in line
    ))  # fmt: skip
    with pytest.raises(MultigenError, match=r"masses.yaml: 5 links, but mine has 6 joints"):
        MujocoSimulator(arm)


def test_an_arm_without_dynamics_names_those_that_are_there(own_arm):
    arm = own_arm(lambda text: text.replace("dynamics: masses.yaml\n", ""))
    with pytest.raises(MultigenError, match=r"mine: no such file; shipped .*gen3, ur5e"):
        MujocoSimulator(arm)


def test_shipped_dynamics_are_physical(arm):
    for body in (*ArmDynamics.of(arm).links, ArmDynamics.of(arm).gripper):
        xx, yy, zz, xy, xz, yz = body.inertia
        moments = np.linalg.eigvalsh([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
        assert moments[0] > 0
        assert moments[2] <= moments[0] + moments[1] + 1e-9


def test_every_shipped_arm_has_its_dynamics():
    for path in (share_directory("multigen_core") / "config/arms").glob("*.yaml"):
        arm = Arm.load(path)
        assert arm.name == path.stem
        ArmDynamics.of(arm)


def test_a_link_whose_joints_coincide_needs_a_spine(own_arm):
    spine = "spine: [[0, 0, -0.03], [0, 0, 0], [0, -0.07, 0]], "
    arm = own_arm(links=lambda text: text.replace(spine, ""))
    with pytest.raises(MultigenError, match=r"masses.yaml: shoulder_link: .*spine"):
        MujocoSimulator(arm)

from pathlib import Path
from xml.etree import ElementTree

import mujoco
import numpy as np
import pytest

from multigen_core.arm import Arm
from multigen_core.arm.kinematics import forward
from multigen_core.config.yaml_file import share_directory
from multigen_sim.mujoco.arm_dynamics import ArmDynamics
from multigen_sim.mujoco.urdf import TOOL, urdf

ARM, DYNAMICS = Arm.load(), ArmDynamics.load()


@pytest.fixture(scope="module")
def parsed():
    spec = mujoco.MjSpec.from_string(urdf(ARM, DYNAMICS))
    spec.compiler.fusestatic = False
    for mesh in spec.bodies:
        if mesh.name.startswith("robotiq"):
            mesh.mass, mesh.inertia = 1e-3, [1e-6] * 3
            mesh.explicitinertial = True
    model = spec.compile()
    return model, mujoco.MjData(model)


def test_forward_kinematics_are_those_of_the_shared_chain(parsed):
    model, data = parsed
    rng = np.random.default_rng(1)
    places = [model.joint(name).qposadr[0] for name in ARM.names]
    for _ in range(50):
        q = rng.uniform(np.maximum(ARM.lower, -np.pi), np.minimum(ARM.upper, np.pi))
        data.qpos[places] = q
        mujoco.mj_kinematics(model, data)
        pose = forward(ARM, q)
        assert data.body(TOOL).xpos == pytest.approx(pose[:3, 3], abs=1e-7)
        assert data.body(TOOL).xmat.reshape(3, 3) == pytest.approx(pose[:3, :3], abs=1e-7)


def test_names_limits_and_masses_are_the_simulator_s():
    robot = ElementTree.fromstring(urdf(ARM, DYNAMICS).encode())
    joints = {joint.get("name"): joint for joint in robot.iter("joint")}
    assert set(joints) >= {*ARM.names, ARM.gripper_joint}
    for joint, link in zip(ARM.joints, DYNAMICS.links, strict=True):
        limit = joints[joint.name].find("limit")
        assert float(limit.get("velocity")) == joint.velocity
        assert float(limit.get("effort")) == link.effort
        if joint.lower is None:
            assert joints[joint.name].get("type") == "continuous"
        else:
            assert (float(limit.get("lower")), float(limit.get("upper"))) == (
                joint.lower,
                joint.upper,
            )
    masses = [float(mass.get("value")) for mass in robot.iter("mass")]
    assert sum(masses) == pytest.approx(
        sum(link.mass for link in DYNAMICS.links) + DYNAMICS.gripper_mass
    )


def test_shipped_file_is_up_to_date():
    shipped = Path(share_directory("multigen_sim"), "urdf", "gen3.urdf")
    assert shipped.read_text() == urdf(ARM, DYNAMICS)

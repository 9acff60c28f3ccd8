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


@pytest.fixture(scope="module", params=["gen3", "ur5e"])
def arm(request):
    return Arm.load(request.param)


@pytest.fixture(scope="module")
def dynamics(arm):
    return ArmDynamics.of(arm)


@pytest.fixture(scope="module")
def parsed(arm, dynamics):
    spec = mujoco.MjSpec.from_string(urdf(arm, dynamics))
    spec.compiler.fusestatic = False
    for mesh in spec.bodies:
        if mesh.name.startswith("robotiq"):
            mesh.mass, mesh.inertia = 1e-3, [1e-6] * 3
            mesh.explicitinertial = True
    model = spec.compile()
    return model, mujoco.MjData(model)


def test_forward_kinematics_are_those_of_the_shared_chain(arm, parsed):
    model, data = parsed
    rng = np.random.default_rng(1)
    places = [model.joint(name).qposadr[0] for name in arm.names]
    for _ in range(50):
        q = rng.uniform(np.maximum(arm.lower, -np.pi), np.minimum(arm.upper, np.pi))
        data.qpos[places] = q
        mujoco.mj_kinematics(model, data)
        pose = forward(arm, q)
        assert data.body(TOOL).xpos == pytest.approx(pose[:3, 3], abs=1e-7)
        assert data.body(TOOL).xmat.reshape(3, 3) == pytest.approx(pose[:3, :3], abs=1e-7)


def test_names_limits_and_masses_are_the_simulator_s(arm, dynamics):
    robot = ElementTree.fromstring(urdf(arm, dynamics).encode())
    joints = {joint.get("name"): joint for joint in robot.iter("joint")}
    assert set(joints) >= {*arm.reported_names}
    for joint, link in zip(arm.joints, dynamics.links, strict=True):
        limit = joints[joint.name].find("limit")
        assert float(limit.get("velocity")) == pytest.approx(joint.velocity)
        assert float(limit.get("effort")) == link.effort
        if joint.lower is None:
            assert joints[joint.name].get("type") == "continuous"
        else:
            bounds = float(limit.get("lower")), float(limit.get("upper"))
            assert bounds == pytest.approx((joint.lower, joint.upper))
    masses = [float(mass.get("value")) for mass in robot.iter("mass")]
    assert sum(masses) == pytest.approx(
        sum(link.mass for link in dynamics.links) + dynamics.gripper.mass
    )


def test_shipped_file_is_up_to_date(arm, dynamics):
    shipped = Path(share_directory("multigen_sim"), "urdf", f"{arm.name}.urdf")
    assert shipped.read_text() == urdf(arm, dynamics)

"""A UR5e in the Gen3's place, by its file alone: in the graph, and offline."""

import pytest

from multigen_core import contract
from multigen_core.arm import Arm
from multigen_core.rollout import Rollout
from multigen_core.rollout.offline import OfflineGraph, pour
from multigen_core.ros.endpoints import subscribe
from multigen_core.simulator import make_simulator
from multigen_core.station import Station, Told
from multigen_core.types import Outcome
from multigen_core.world.scene import load_scene
from multigen_policy.classical.expert import Expert

ARM = "ur5e"


@pytest.mark.parametrize("target_ml", [60, 180])
def test_the_expert_pours_offline(target_ml):
    arm, scene = Arm.load(ARM), load_scene("default", 0)
    simulator = make_simulator("mujoco", arm)
    station = Station.of(scene, arm, Told.TARGET)
    rollout = Rollout(Expert(station, lambda: simulator.state().liquid), station)
    ticks = list(pour(OfflineGraph(simulator, scene, 0, arm), rollout, target_ml * 1e-6))
    simulator.close()
    outcomes = [tick.step.progress.outcome for tick in ticks if tick.step]
    assert outcomes[-1] is Outcome.SUCCEEDED
    assert not [tick.objection for tick in ticks if tick.objection], "the guard lets all pass"
    end = ticks[-1].world
    assert end.pour.poured_volume * 1e6 == pytest.approx(target_ml, rel=0.03, abs=1.0)
    assert end.pour.spilled_volume * 1e6 < 0.02 * target_ml
    assert end.liquid.source_tilt < 0.05


@pytest.mark.xdist_group("stack")
@pytest.mark.timeout(400)
def test_the_acoustic_policy_pours_in_the_graph(start_node, peer):
    joints, poured, progress = [], [], []
    subscribe(peer, contract.JOINT_STATES, joints.append)
    subscribe(peer, contract.POUR_STATE, poured.append)
    subscribe(peer, contract.PROGRESS, progress.append)
    start_node("multigen_sim", "simulator", arm_file=ARM)
    start_node("multigen_audio", "audio_synthesizer", use_sim_time=True, synthesizer="physical")
    guard = start_node("multigen_robot", "arm_guard", use_sim_time=True, arm_file=ARM)
    policy = start_node(
        "multigen_policy", "policy", use_sim_time=True, arm_file=ARM, policy="acoustic",
        told="target", target_ml=120.0, exit_after_pour=True,
    )  # fmt: skip
    assert policy.wait(240) == 0, policy.output + guard.output
    assert progress[-1].outcome is Outcome.SUCCEEDED
    assert joints[-1].names == Arm.load(ARM).reported_names
    assert poured[-1].poured_volume * 1e6 == pytest.approx(120, rel=0.2)
    assert poured[-1].spilled_volume * 1e6 < 3.0

import pytest

from multigen_core import contract
from multigen_core.arm import Arm
from multigen_core.ros.endpoints import subscribe


def test_joint_states_come_with_all_joints_and_the_start_positions(start_node, peer, wait):
    states = []
    subscribe(peer, contract.JOINT_STATES, states.append)
    start = "0.1,0.2,3.1,-2.2,0.0,0.9,1.5"
    process = start_node("multigen_robot", "mock_arm", start_positions=f"'{start}'", rate=200.0)
    wait(lambda: len(states) > 50, "joint states")
    arm = Arm.load("gen3")
    assert states[0].names == arm.reported_names
    assert list(states[0].positions[:7]) == [float(part) for part in start.split(",")]
    assert states[0].frame_id == contract.BASE_FRAME
    stamps = [state.stamp for state in states]
    assert stamps == sorted(stamps)
    assert process.end() == 0


@pytest.mark.parametrize(
    ("parameters", "word"),
    [
        ({"start_positions": "'1,2'"}, "start_positions: expected 7 numbers"),
        ({"use_sim_time": True}, "wall time"),
        ({"rate": 5.0}, "rate"),
    ],
)
def test_wrong_parameters_end_the_node_with_one_line(start_node, parameters, word):
    start_node("multigen_robot", "mock_arm", **parameters).refuses(word)

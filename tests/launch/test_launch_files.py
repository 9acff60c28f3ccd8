import ast
import re
from pathlib import Path

import pytest
import yaml

from multigen_core import contract
from multigen_launch import LaunchError, document, genuine
from multigen_launch.arguments import declared

ROOT = Path(__file__).parents[2]
FILES = ("multigen", "evaluate", "record", "replay", "view")
ARGUMENTS = (
    "sim camera audio arm use_sim_time autostart policy policy_checkpoint told synthesizer "
    "synthesizer_checkpoint arm_file scene seed backend headless real_time_factor target_ml "
    "audio_view robot_ip use_fake_hardware gripper camera_device microphone_device scale_port "
    "params_file record bag_dir device namespace log_level launch_rviz exit_after_pour evaluate "
    "view view_port"
)


def names(plan):
    return [node.executable.name for node in plan.nodes]


def test_every_argument_of_the_contract_is_declared(prefix):
    found, complete = declared(ROOT / "launch/multigen.launch.xml")
    assert complete
    assert {name for name, argument in found.items() if not argument.computed} == set(
        ARGUMENTS.split()
    )


@pytest.mark.parametrize("file", FILES)
def test_every_argument_is_described(prefix, file):
    found, _ = declared(ROOT / f"launch/{file}.launch.xml")
    assert [name for name, argument in found.items() if not argument.description] == []


@pytest.mark.parametrize("file", FILES)
def test_genuine_launch_can_show_every_default_and_be_given_every_choice(file):
    """It prints what it cannot describe as a Python object, and takes no empty value."""
    for element in document.arguments(document.load(ROOT / f"launch/{file}.launch.xml")):
        default = element.get("default") or ""
        assert set(re.findall(r"\$\(([\w-]+)", default)) <= {"var", "find-pkg-share"}
        choices = [choice.attributes["value"] for choice in element.of("choice")]
        assert all(choices)
        assert len(choices) != 1


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, "simulator audio_synthesizer arm_guard policy"),
        ({"record": "true"}, "recorder simulator audio_synthesizer arm_guard policy"),
        ({"audio": "none", "camera": "none", "arm": "none"}, "simulator arm_guard policy"),
        ({"sim": "false"}, "camera microphone mock_arm arm_guard policy"),
        (
            {"sim": "false", "camera": "usb_cam"},
            "usb_cam_node_exe microphone mock_arm arm_guard policy",
        ),
        ({"sim": "false", "arm": "none"}, "camera microphone arm_guard policy"),
        ({"sim": "false", "audio": "none", "camera": "none"}, "mock_arm arm_guard policy"),
        ({"view": "true"}, "simulator audio_synthesizer arm_guard policy view"),
    ],
)
def test_devices_are_one_argument_each(plan, arguments, expected):
    assert names(plan("multigen", **arguments)) == expected.split()


@pytest.mark.parametrize("sim", ["true", "false"])
def test_the_policy_stops_first_then_the_guard_and_the_recorder_last(plan, sim):
    order = names(plan("multigen", sim=sim, record="true"))[::-1]
    arm = "simulator" if sim == "true" else "mock_arm"
    assert order[:2] == ["policy", "arm_guard"]
    assert order[-1] == "recorder"
    assert arm in order[2:]


def test_no_node_is_killed_while_a_retreat_may_be_under_way(plan):
    for node in plan("multigen", record="true").nodes:
        assert node.patience.sigterm_timeout > 12.0


@pytest.mark.parametrize(("sim", "simulated"), [("true", True), ("false", False)])
def test_sim_is_the_master_switch(plan, sim, simulated):
    resolved = plan("multigen", sim=sim, record="true")
    for node in resolved.nodes:
        if node.executable.name == "simulator":
            assert "use_sim_time" not in node.values
        else:
            assert node.values["use_sim_time"] is simulated
    assert resolved.node("policy").values["autostart"] is simulated


def test_both_ways_to_start_the_policy_give_it_the_same(plan):
    staying = plan("multigen", target_ml="80").node("policy")
    leaving = plan("multigen", target_ml="80", exit_after_pour="true").node("policy")
    assert (staying.essential, leaving.essential) == (False, True)
    assert staying.values | {"exit_after_pour": True} == leaving.values
    assert staying.command([]) == leaving.command([])


@pytest.mark.parametrize("told", ["nothing", "station", "target"])
def test_the_bag_says_what_the_policy_was_told(plan, told):
    resolved = plan("multigen", told=told, record="true")
    assert {resolved.node(name).values["told"] for name in ("policy", "recorder")} == {told}


@pytest.mark.parametrize("name", ["policy", "synthesizer", "backend"])
def test_what_entry_points_provide_is_left_to_the_node_to_judge(plan, name):
    given = [node.values.get(name) for node in plan("multigen", **{name: "mine"}).nodes]
    assert given.count("mine") == 1


@pytest.mark.parametrize("sim", ["true", "false"])
def test_everyone_who_needs_the_arm_is_given_the_same(plan, sim):
    given = {
        node.executable.name: node.values["arm_file"]
        for node in plan("multigen", sim=sim, arm_file="ur5e.yaml", record="true").nodes
        if "arm_file" in node.values
    }
    arms = {"arm_guard", "policy", "recorder", "mock_arm" if sim == "false" else "simulator"}
    assert given == dict.fromkeys(arms, "ur5e.yaml")


def test_both_networks_get_their_weights_and_the_device(plan):
    resolved = plan("multigen", policy_checkpoint="p", synthesizer_checkpoint="s", device="cuda:1")
    for name, checkpoint in (("policy", "p"), ("audio_synthesizer", "s")):
        values = resolved.node(name).values
        assert (values["checkpoint"], values["device"]) == (checkpoint, "cuda:1")


def test_values_have_the_types_their_parameters_need(plan):
    resolved = plan(
        "multigen",
        seed="3",
        real_time_factor="0",
        target_ml="150",
        scene="on",
        policy_checkpoint="7",
    )
    assert resolved.node("simulator").values == {
        "scene": "on",
        "seed": 3,
        "arm_file": "gen3",
        "backend": "mujoco",
        "real_time_factor": 0.0,
    }
    policy = resolved.node("policy").values
    assert (policy["target_ml"], policy["checkpoint"], policy["seed"]) == (150.0, "7", 3)
    assert isinstance(policy["target_ml"], float)


def test_params_file_comes_last_for_every_node(plan, tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text("/**: {ros__parameters: {rate: 5.0}}")
    for sim in ("true", "false"):
        for node in plan("multigen", sim=sim, record="true", params_file=str(mine)).nodes:
            assert node.parameters[-1] == mine
            assert node.name is None, "a named node's own values would win over /** in params_file"


def test_the_default_params_file_changes_nothing(prefix):
    content = yaml.safe_load((prefix / "share/multigen_core/config/parameters.yaml").read_text())
    assert content == {"/**": {"ros__parameters": {}}}


def test_environment(plan, prefix, monkeypatch):
    expected = {
        "FASTRTPS_DEFAULT_PROFILES_FILE": f"{prefix}/share/multigen_core/config/fastdds.xml",
        "OMP_NUM_THREADS": "1",
        "OMP_WAIT_POLICY": "PASSIVE",
        "GOMP_SPINCOUNT": "0",
        "MUJOCO_GL": "egl",
    }
    environment = plan("multigen").node("simulator").environment
    assert {name: environment.get(name) for name in expected} == expected
    assert plan("multigen", headless="false").node("simulator").environment["MUJOCO_GL"] == "glfw"
    monkeypatch.setenv("MUJOCO_GL", "osmesa")
    monkeypatch.setenv("FASTRTPS_DEFAULT_PROFILES_FILE", "/mine.xml")
    own = plan("multigen").node("simulator").environment
    assert not {"MUJOCO_GL", "FASTRTPS_DEFAULT_PROFILES_FILE"} & own.keys()


def test_namespace_and_log_level_reach_every_node(plan):
    for node in plan("multigen", namespace="left/cell", log_level="debug", record="true").nodes:
        assert node.namespace == "/left/cell"
        assert node.arguments == ("--ros-args", "--log-level", "debug")


def test_usb_cam_publishes_the_contract(plan):
    node = plan("multigen", sim="false", camera="usb_cam", camera_device="/dev/video2").node(
        "usb_cam_node_exe"
    )
    topics = (contract.IMAGE, contract.IMAGE_COMPRESSED, contract.CAMERA_INFO)
    assert {target for _, target in node.remappings} == {topic.name for topic in topics}
    assert node.values["frame_id"] == contract.CAMERA_FRAME
    assert node.values["video_device"] == "/dev/video2"


def test_a_bag_names_the_sound_only_if_it_is_generated(plan):
    simulated = plan("multigen", record="true", synthesizer="physical").node("recorder").values
    real = plan("multigen", sim="false", record="true").node("recorder").values
    assert (simulated["synthesizer"], simulated["backend"]) == ("physical", "mujoco")
    assert (real["synthesizer"], real["backend"]) == ("", "")


def test_evaluate_records_one_pour_and_ends(plan):
    resolved = plan("multigen", evaluate="true", scene="cup", synthesizer="silent")
    policy = resolved.node("policy")
    assert policy.essential
    assert policy.values["exit_after_pour"] is True
    assert policy.values["target_ml"] == 150.0
    assert resolved.node("recorder").values["scene"] == "cup"
    assert (
        plan("multigen", evaluate="true", target_ml="80").node("policy").values["target_ml"] == 80
    )


@pytest.mark.parametrize("sim", ["true", "false"])
def test_a_pour_goes_on_without_its_view(plan, sim):
    resolved = plan("multigen", sim=sim, view="true", scene="cup", seed="3", view_port="9000")
    view = resolved.node("view")
    assert not view.essential
    assert names(resolved)[-1] == "view", "it stops first and keeps nobody waiting"
    assert view.values == {"port": 9000, "arm_file": "gen3", "scene": "cup", "seed": 3}
    assert plan("view").node("view").essential


def test_record_and_replay(plan):
    (recorder,) = plan("record", target_ml="5").nodes
    assert recorder.values["target_ml"] == 5.0
    assert "use_sim_time" not in recorder.values
    with pytest.raises(LaunchError, match="argument 'bag' is required"):
        plan("replay")
    (player,) = plan("replay", bag="bags/a", rate="2", start_offset="3").nodes
    assert player.values == {
        "bag": "bags/a",
        "rate": 2.0,
        "loop": False,
        "clock": True,
        "start_offset": 3.0,
        "playback_duration": 0.0,
        "start_paused": False,
    }


def declared_parameters(package: str, executable: str) -> set[str]:
    """The fields of the dataclass that a node's source gives to `declare`."""
    folder = ROOT / "ros2_ws/src" / package
    (node,) = (folder / package).rglob(f"{executable}_node.py")
    (name,) = re.findall(r"\bdeclare\((?:self, )?(\w+)\)", node.read_text())
    trees = (ast.parse(path.read_text()) for path in (folder / package).rglob("*.py"))
    (found,) = (
        item
        for tree in trees
        for item in ast.walk(tree)
        if isinstance(item, ast.ClassDef) and item.name == name
    )
    return {item.target.id for item in found.body if isinstance(item, ast.AnnAssign)}


@pytest.mark.parametrize(
    ("file", "arguments", "executable"),
    [
        *(("multigen", {"record": "true"}, name) for name in ("simulator", "audio_synthesizer")),
        *(("multigen", {"record": "true"}, name) for name in ("policy", "arm_guard", "recorder")),
        *(("multigen", {"sim": "false"}, name) for name in ("camera", "microphone", "mock_arm")),
        ("multigen", {"view": "true"}, "view"),
        ("view", {}, "view"),
        ("record", {}, "recorder"),
        ("replay", {"bag": "b"}, "bag_player"),
    ],
)
def test_nodes_declare_what_the_launch_files_give_them(plan, file, arguments, executable):
    node = plan(file, **arguments).node(executable)
    given = node.values.keys() - {"use_sim_time"}
    assert given <= declared_parameters(node.package, executable)


@pytest.mark.parametrize(
    ("given", "expected", "joint", "file"),
    [
        ("robotiq_2f_85", "robotiq_2f_85", "robotiq_85_left_knuckle_joint", "kinova_controllers"),
        ("robotiq_2f_140", "robotiq_2f_140", "finger_joint", "kinova_controllers_2f_140"),
        ("none", "", "robotiq_85_left_knuckle_joint", "kinova_controllers"),
    ],
)
def test_kinova_gets_the_gripper(plan, prefix, monkeypatch, given, expected, joint, file):
    monkeypatch.setenv("ROS_VERSION", "2")
    monkeypatch.setattr(genuine, "available", lambda: True)
    folder = prefix / "share/kortex_bringup/launch"
    folder.mkdir()
    (folder / "gen3.launch.py").touch()
    kinova, *_ = plan(
        "multigen", sim="false", arm="kinova", robot_ip="1.2.3.4", gripper=given
    ).processes
    assert kinova.label == "gen3.launch.py-1"
    assert kinova.arguments["gripper"] == expected
    assert kinova.arguments["gripper_joint_name"] == joint
    assert Path(kinova.arguments["controllers_file"]).stem == file
    assert kinova.arguments["robot_ip"] == "1.2.3.4"


CONTROLLERS = {
    "kinova_controllers": "robotiq_85_left_knuckle_joint",
    "kinova_controllers_2f_140": "finger_joint",
}
"""Files of controllers, and the joint of the gripper of each."""


@pytest.mark.parametrize("file", CONTROLLERS)
def test_kinova_controllers_follow_the_contract(prefix, file):
    path = prefix / f"share/multigen_robot/config/{file}.yaml"
    controllers = yaml.safe_load(path.read_text())
    arm = controllers["joint_trajectory_controller"]["ros__parameters"]
    assert arm["interpolate_from_desired_state"] is True
    assert arm["joints"] == [f"joint_{number}" for number in range(1, 8)]
    gripper = controllers["robotiq_gripper_controller"]["ros__parameters"]
    assert gripper["joint"] == CONTROLLERS[file]


def test_controllers_differ_by_the_joint_of_the_gripper_alone(prefix):
    config = prefix / "share/multigen_robot/config"
    found = []
    for file in CONTROLLERS:
        controllers = yaml.safe_load((config / f"{file}.yaml").read_text())
        del controllers["robotiq_gripper_controller"]["ros__parameters"]["joint"]
        found.append(controllers)
    assert found[0] == found[1]

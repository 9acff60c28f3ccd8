"""The launch files under ROS 2's own launch system."""

from pathlib import Path

import pytest

launch_pytest = pytest.importorskip(
    "launch_pytest", reason="launch_pytest comes with a full ROS 2 installation"
)

from launch.actions import IncludeLaunchDescription, RegisterEventHandler  # noqa: E402
from launch.event_handlers import OnProcessExit  # noqa: E402
from launch.launch_description_sources import AnyLaunchDescriptionSource  # noqa: E402

from launch import LaunchContext, LaunchDescription, LaunchService  # noqa: E402
from multigen_core import contract  # noqa: E402
from multigen_core.ros.endpoints import subscribe  # noqa: E402
from multigen_launch.arguments import declared  # noqa: E402

LAUNCH = Path(__file__).parents[2] / "launch"


def included(file: str, **arguments: str) -> IncludeLaunchDescription:
    source = AnyLaunchDescriptionSource(str(LAUNCH / f"{file}.launch.xml"))
    return IncludeLaunchDescription(source, launch_arguments=list(arguments.items()))


@launch_pytest.fixture
def simulated(tmp_path, domain):
    """The simulated stack, and how each of its processes will have ended."""
    statuses = {}

    def ended(event, context):
        statuses[event.process_name.rpartition("-")[0]] = event.returncode

    stack = included("multigen", synthesizer="silent", record="true", bag_dir=str(tmp_path))
    handler = RegisterEventHandler(OnProcessExit(on_exit=ended))
    return LaunchDescription([handler, stack]), statuses


@pytest.mark.launch(fixture=simulated)
def test_the_simulated_stack_records_and_ends_well(simulated, peer, wait, tmp_path):
    chunks = []
    subscribe(peer, contract.AUDIO, chunks.append)
    wait(lambda: chunks, "sound")
    yield
    _, statuses = simulated
    nodes = ("simulator", "audio_synthesizer", "arm_guard", "policy", "recorder")
    assert statuses == dict.fromkeys(nodes, 0)
    assert list(tmp_path.glob("*/metadata.yaml"))


@pytest.mark.parametrize(
    ("file", "arguments", "reason"),
    [
        ("multigen", {"camera": "opencv"}, "sim:=true conflicts with camera:=opencv"),
        ("multigen", {"sim": "false", "arm": "sim"}, "sim:=false conflicts with"),
        ("multigen", {"audio": "midi"}, '"audio" provided value "midi" is not valid'),
        ("multigen", {"sim": "maybe"}, '"sim" provided value "maybe" is not valid'),
        ("multigen", {"target_ml": "150ml"}, "is not a volume in millilitres"),
        ("multigen", {"seed": "x"}, "is not a seed"),
        ("multigen", {"scene": "moonbase"}, "moonbase: no such file; shipped scenes"),
        ("replay", {}, "bag"),
    ],
)
def test_what_cannot_work_is_refused_with_the_reason(file, arguments, reason, capfd):
    service = LaunchService(noninteractive=True)
    service.include_launch_description(LaunchDescription([included(file, **arguments)]))
    assert service.run() == 1
    assert reason in "".join(capfd.readouterr())


@pytest.mark.parametrize("file", ["multigen", "record", "replay", "view"])
def test_ros_lists_the_same_arguments_as_multigen_launch(file):
    path = LAUNCH / f"{file}.launch.xml"
    description = AnyLaunchDescriptionSource(str(path)).get_launch_description(LaunchContext())
    found = {argument.name for argument in description.get_launch_arguments()}
    ours, _ = declared(path)
    assert found >= {name for name, argument in ours.items() if not argument.computed}

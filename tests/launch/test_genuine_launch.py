"""The launch files under ROS 2's own launch system."""

from pathlib import Path

import pytest

launch_pytest = pytest.importorskip(
    "launch_pytest", reason="launch_pytest comes with a full ROS 2 installation"
)

from launch.actions import IncludeLaunchDescription, RegisterEventHandler  # noqa: E402
from launch.event_handlers import OnProcessExit  # noqa: E402
from launch.launch_description_sources import AnyLaunchDescriptionSource  # noqa: E402

from launch import LaunchDescription, LaunchService  # noqa: E402
from multigen_core import contract  # noqa: E402
from multigen_core.ros.endpoints import subscribe  # noqa: E402

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
    ("file", "arguments"),
    [
        ("multigen", {"camera": "opencv"}),
        ("multigen", {"sim": "false", "arm": "sim"}),
        ("multigen", {"audio": "midi"}),
        ("multigen", {"sim": "maybe"}),
        ("multigen", {"target_ml": "150ml"}),
        ("multigen", {"seed": "x"}),
        ("multigen", {"scene": "moonbase"}),
        ("replay", {}),
    ],
)
def test_what_cannot_work_is_refused(file, arguments):
    service = LaunchService(noninteractive=True)
    service.include_launch_description(LaunchDescription([included(file, **arguments)]))
    assert service.run() == 1

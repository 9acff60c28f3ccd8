"""The launch files under ROS 2's own launch system."""

from pathlib import Path

import pytest

launch_pytest = pytest.importorskip(
    "launch_pytest", reason="launch_pytest comes with a full ROS 2 installation"
)

from launch.actions import IncludeLaunchDescription  # noqa: E402
from launch.launch_description_sources import AnyLaunchDescriptionSource  # noqa: E402
from launch_pytest.tools import process  # noqa: E402

from launch import LaunchDescription, LaunchService  # noqa: E402

LAUNCH = Path(__file__).parents[2] / "launch"


def included(file: str, **arguments: str) -> LaunchDescription:
    source = AnyLaunchDescriptionSource(str(LAUNCH / f"{file}.launch.xml"))
    return LaunchDescription(
        [IncludeLaunchDescription(source, launch_arguments=list(arguments.items()))]
    )


@launch_pytest.fixture
def simulated():
    """The simulated stack, as `ros2 launch` starts it."""
    return included("multigen", synthesizer="silent", policy="timed")


@pytest.mark.launch(fixture=simulated)
def test_the_simulated_stack_starts(launch_context):
    for name in ("simulator", "audio_synthesizer", "arm_guard", "policy"):
        assert process.wait_for_start_sync(
            launch_context, lambda info, name=name: info["name"].startswith(name), timeout=30
        )


@pytest.mark.launch(fixture=simulated)
async def test_no_process_of_the_stack_fails(launch_context):
    yield
    for action in launch_context.locals.launch_processes:
        assert action.return_code in (0, None)


@pytest.mark.parametrize(
    ("file", "arguments"),
    [
        ("multigen", {"camera": "opencv"}),
        ("multigen", {"sim": "false", "arm": "sim"}),
        ("multigen", {"backend": "isaac"}),
        ("evaluate", {"sim": "maybe"}),
        ("replay", {}),
    ],
)
def test_what_cannot_work_is_refused(file, arguments):
    service = LaunchService(noninteractive=True)
    service.include_launch_description(included(file, **arguments))
    assert service.run() == 1

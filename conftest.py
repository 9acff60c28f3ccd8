"""Fixtures for tests on the real ROS graph: an isolated domain, a peer node, child processes."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

TRANSPORT = Path(__file__).parent / "ros2_ws/src/multigen_core/config/fastdds.xml"
"""The transport settings that the launch files give every node."""
PATIENCE = 60.0
"""How long a test waits for what takes a second on an idle machine [s]."""


@pytest.fixture
def domain(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A ROS domain that no other test uses, set in the environment."""
    from domain_coordinator import domain_id

    with domain_id() as number:
        monkeypatch.setenv("ROS_DOMAIN_ID", str(number))
        monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
        monkeypatch.setenv("ROS_PYTHON_CHECK_FIELDS", "1")
        monkeypatch.setenv("FASTRTPS_DEFAULT_PROFILES_FILE", str(TRANSPORT))
        yield number


@pytest.fixture
def peer(domain: int) -> Iterator[object]:
    """A node of the test's own in that domain, spun by a thread."""
    import rclpy
    from rclpy.executors import SingleThreadedExecutor

    context = rclpy.Context()
    rclpy.init(context=context, domain_id=domain)
    node = rclpy.create_node("peer", context=context)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    over = threading.Event()

    def spin() -> None:
        while not over.is_set():
            executor.spin_once(timeout_sec=0.05)

    thread = threading.Thread(target=spin)
    thread.start()
    yield node
    over.set()
    thread.join()
    node.destroy_node()
    rclpy.shutdown(context=context)


def wait_for(
    condition: Callable[[], object], what: str | Callable[[], str], patience: float = PATIENCE
) -> None:
    """Wait until `condition()` is true; fail naming `what` if it never is."""
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"waited in vain for {what if isinstance(what, str) else what()}")
        time.sleep(0.02)


@pytest.fixture
def wait() -> Callable[..., None]:
    """`wait_for` as a fixture."""
    return wait_for


class Process:
    """A child process whose output is kept."""

    def __init__(self, command: list[str], log: Path) -> None:
        self.log = log
        with log.open("wb") as file:
            self.child = subprocess.Popen(
                command, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
            )

    @property
    def output(self) -> str:
        """What it printed so far."""
        return self.log.read_text(errors="replace")

    def end(self, number: int = signal.SIGINT, patience: float = PATIENCE) -> int:
        """Send a signal and wait; returns the exit status."""
        if self.child.poll() is None:
            self.child.send_signal(number)
        return self.wait(patience)

    def wait(self, patience: float = PATIENCE) -> int:
        """Wait for its end; returns the exit status."""
        try:
            return self.child.wait(patience)
        except subprocess.TimeoutExpired:
            pytest.fail(f"{self.child.args} did not end; it printed:\n{self.output}")


@pytest.fixture
def start(domain: int, tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Starts commands in the domain; whatever still runs at the end is killed."""
    processes: list[Process] = []

    def run(*command: str) -> Process:
        processes.append(Process(list(command), tmp_path / f"output_{len(processes)}.txt"))
        return processes[-1]

    yield run
    for process in processes:
        if process.child.poll() is None:
            os.killpg(process.child.pid, signal.SIGKILL)
            process.child.wait()


@pytest.fixture
def start_node(start: Callable[..., Process]) -> Callable[..., Process]:
    """Starts a node: package, executable, parameters."""

    def run(package: str, executable: str, **parameters: object) -> Process:
        options = [f"{key}:={_text(value)}" for key, value in parameters.items()]
        arguments = [item for option in options for item in ("-p", option)]
        return start(str(_executable(package, executable)), "--ros-args", *arguments)

    return run


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _executable(package: str, name: str) -> Path:
    for prefix in os.environ["AMENT_PREFIX_PATH"].split(os.pathsep):
        path = Path(prefix, "lib", package, name)
        if path.exists():
            return path
    raise FileNotFoundError(f"{package}/{name} is not built; run make build")

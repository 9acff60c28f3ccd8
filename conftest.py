"""Fixtures for tests of policies, and for tests on the real ROS graph.

`arm`, `scene` and `station` are the defaults, `path` the pour there and `joints` measures it.
`domain` isolates a test, `peer` is the test's own node in it, `start_node` and `start` make child
processes, `meet` waits for a node, `call` calls a service, `health` keeps /diagnostics,
`virtual_microphone` hears what is played to it, and `wait` waits for anything else.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
    from rclpy.node import Node

    from multigen_core.arm import Arm
    from multigen_core.station import Station
    from multigen_core.station.pour_path import PourPath
    from multigen_core.types import JointState
    from multigen_core.world.scene import Scene

TRANSPORT = Path(__file__).parent / "ros2_ws/src/multigen_core/config/fastdds.xml"
"""The transport settings that the launch files give every node."""
SHARED_MEMORY = Path("/dev/shm")
PATIENCE = 60.0
"""How long a test waits for what takes a second on an idle machine [s]."""
ATTEMPTS = 10
"""How many times it asks a service in that time."""


@pytest.fixture(scope="session")
def arm() -> Arm:
    """The default arm."""
    from multigen_core.arm import Arm

    return Arm.load()


@pytest.fixture(scope="session")
def scene() -> Scene:
    """The default scene."""
    from multigen_core.world.scene import Scene

    return Scene()


@pytest.fixture(scope="session")
def station(scene: Scene, arm: Arm) -> Station:
    """All that can be told of the default scene."""
    from multigen_core.station import Station, Told

    return Station.of(scene, arm, Told.TARGET)


@pytest.fixture(scope="session")
def path(station: Station) -> PourPath:
    """The pour at that station."""
    from multigen_core.station.pour_path import plan_pour

    return plan_pour(station)


@pytest.fixture
def joints(arm: Arm, path: PourPath) -> Callable[..., JointState]:
    """Makes the joint state of a moment."""
    from multigen_core.types import JointState

    def make(stamp: int, positions: Any = None) -> JointState:
        at = path.at(0.0) if positions is None else positions
        return JointState(stamp, arm.names, np.asarray(at, float), np.zeros(len(arm.names)))

    return make


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
def peer(domain: int) -> Iterator[Node]:
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


def comes_true(condition: Callable[[], object], patience: float) -> bool:
    """Wait until `condition()` is true; whether it came to be in time."""
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def wait_for(
    condition: Callable[[], object], what: str | Callable[[], str], patience: float = PATIENCE
) -> None:
    """Wait until `condition()` is true; fail naming `what` if it never is."""
    if not comes_true(condition, patience):
        pytest.fail(f"waited in vain for {what if isinstance(what, str) else what()}")


@pytest.fixture
def wait() -> Callable[..., None]:
    """`wait_for` as a fixture."""
    return wait_for


@pytest.fixture
def call(peer: Node) -> Callable[..., Any]:
    """Calls a service, `call(Trigger, "arm_guard/stop")`, and returns its response.

    A server drops its answer to a client that it has not discovered yet although the client has
    discovered it, so the request is repeated until an answer comes.
    """

    def make(kind: Any, name: str, request: Any = None) -> Any:
        client = peer.create_client(kind, name)
        wait_for(client.service_is_ready, f"the service {name}")
        for _ in range(ATTEMPTS):
            future = client.call_async(request or kind.Request())
            if comes_true(future.done, PATIENCE / ATTEMPTS):
                peer.destroy_client(client)
                return future.result()
        pytest.fail(f"{name} did not answer")

    return make


@pytest.fixture
def meet(call: Callable[..., Any]) -> Callable[[str], None]:
    """Waits until a node spins and knows every endpoint that the peer has.

    Discovery tells of endpoints in the order of their creation, so who answers a client made after
    them all knows them. Whether the peer knows the node's, its own counts tell.
    """
    from rcl_interfaces.srv import ListParameters

    def make(name: str) -> None:
        call(ListParameters, f"{name}/list_parameters")

    return make


class HealthLog:
    """What nodes say on /diagnostics, by their fully qualified names."""

    def __init__(self) -> None:
        self.statuses: dict[str, list[DiagnosticStatus]] = {}

    def take(self, array: DiagnosticArray) -> None:
        for status in array.status:
            self.statuses.setdefault(status.name, []).append(status)

    def count(self, name: str) -> int:
        """How often a node has reported."""
        return len(self.statuses.get(name, []))

    def message(self, name: str) -> str:
        """A node's last message; empty before the first."""
        return self.statuses[name][-1].message if self.count(name) else ""

    def level(self, name: str) -> bytes | None:
        """A node's last level; None before the first."""
        return self.statuses[name][-1].level if self.count(name) else None

    def value(self, name: str, key: str) -> float:
        """A figure of a node's last status; NaN where it has none."""
        pairs = self.statuses[name][-1].values if self.count(name) else []
        return float({pair.key: pair.value for pair in pairs}.get(key, "nan"))


@pytest.fixture
def health(peer: Node) -> HealthLog:
    """A log of /diagnostics."""
    from multigen_core.contract import DIAGNOSTICS
    from multigen_core.ros.endpoints import subscribe

    log = HealthLog()
    subscribe(peer, DIAGNOSTICS, log.take)
    return log


class Process:
    """A child process whose output is kept."""

    def __init__(self, command: list[str], log: Path) -> None:
        self.log = log
        with log.open("wb") as file:
            self.child = subprocess.Popen(
                command,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, "PYTHONFAULTHANDLER": "1"},
            )

    @property
    def output(self) -> str:
        """What it printed so far."""
        return self.log.read_text(errors="replace")

    @property
    def family(self) -> set[int]:
        """The pids of the process and of all below it."""
        listing = subprocess.run(
            ["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True
        )
        parents = [tuple(map(int, line.split())) for line in listing.stdout.splitlines()]
        found, frontier = {self.child.pid}, {self.child.pid}
        while frontier:
            frontier = {child for child, parent in parents if parent in frontier} - found
            found |= frontier
        return found

    def pids(self, executable: str) -> list[int]:
        """The pids below it that run a program or a module, by its name."""
        names = (f"/{executable}".encode(), f".{executable}".encode())
        found = []
        for pid in sorted(self.family - {self.child.pid}):
            with contextlib.suppress(OSError):
                command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                if any(word.endswith(names) for word in command):
                    found.append(pid)
        return found

    def kill(self, executable: str, number: int = signal.SIGKILL) -> None:
        """Send a signal to the program of that name below it."""
        found = self.pids(executable)
        assert found, f"{executable} is not running:\n{self.output}"
        os.kill(found[0], number)

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
            self.child.send_signal(signal.SIGABRT)
            self.child.wait(PATIENCE)
            pytest.fail(f"{self.child.args} did not end; it printed:\n{self.output}")

    def refuses(self, reason: str) -> None:
        """Assert that it ends by itself with the reason in one line and without a traceback."""
        assert self.wait() in (1, os.EX_CONFIG), self.output
        assert sum(reason in line for line in self.output.splitlines()) == 1, self.output
        assert "Traceback" not in self.output


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
            # All at once: a launch would take its time to stop them in turn.
            for pid in process.family:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.child.wait()


@pytest.fixture
def start_node(start: Callable[..., Process]) -> Callable[..., Process]:
    """Starts a node: package, executable, parameters."""

    def run(package: str, executable: str, **parameters: object) -> Process:
        options = [f"{key}:={_text(value)}" for key, value in parameters.items()]
        arguments = [item for option in options for item in ("-p", option)]
        return start(str(_executable(package, executable)), "--ros-args", *arguments)

    return run


class VirtualMicrophone:
    """A PulseAudio server of its own: what is played to its sink is what its microphone hears."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._socket = folder / "pulse.sock"
        self.start()

    def start(self) -> None:
        """Start the server."""
        modules = (
            f"module-native-protocol-unix auth-anonymous=1 socket={self._socket}",
            "module-null-sink sink_name=vspk norewinds=1 rate=16000 channels=1",
            "module-remap-source master=vspk.monitor source_name=vmic",
        )
        self._server = subprocess.Popen(
            ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"]
            + [part for module in modules for part in ("-L", module)],
            env={**os.environ, "HOME": str(self._folder), "XDG_RUNTIME_DIR": str(self._folder)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 20.0
        while subprocess.run(["pactl", "info"], capture_output=True, check=False).returncode:
            if time.monotonic() > deadline or self._server.poll() is not None:
                pytest.skip("pulseaudio does not start here")
            time.sleep(0.05)
        for command in ("set-default-sink vspk", "set-default-source vmic"):
            subprocess.run(["pactl", *command.split()], check=True, capture_output=True)

    def play(self, path: Path) -> None:
        """Play a sound file and wait for its end."""
        subprocess.run(["paplay", "--device=vspk", str(path)], check=True, timeout=60)

    def mute(self) -> None:
        """Let the sink play nothing."""
        subprocess.run(["pactl", "set-sink-mute", "vspk", "1"], check=True)

    def unplug(self) -> None:
        """Kill the server."""
        self._server.send_signal(signal.SIGKILL)
        self._server.wait()
        self._socket.unlink(missing_ok=True)


@pytest.fixture
def virtual_microphone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[VirtualMicrophone]:
    """A virtual microphone, which PortAudio knows as 'pulse'."""
    missing = [tool for tool in ("pulseaudio", "pactl", "paplay") if not shutil.which(tool)]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (apt install pulseaudio)")
    monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path / 'pulse.sock'}")
    monkeypatch.setenv("PULSE_LATENCY_MSEC", "20")
    made = VirtualMicrophone(tmp_path)
    yield made
    made.unplug()


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _executable(package: str, name: str) -> Path:
    for prefix in os.environ["AMENT_PREFIX_PATH"].split(os.pathsep):
        path = Path(prefix, "lib", package, name)
        if path.exists():
            return path
    raise FileNotFoundError(f"{package}/{name} is not built; run make build")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Remove the shared memory of killed participants, once for all workers."""
    if not hasattr(session.config, "workerinput"):
        for lock in SHARED_MEMORY.glob(f"fastrtps_{'[0-9a-f]' * 16}_el"):
            _remove_if_dead(lock)


def _remove_if_dead(lock: Path, youth: float = 5.0) -> None:
    """Remove a Fast DDS segment whose lock nobody holds.

    A living owner holds it from the segment's creation on; `youth` [s] leaves it the time to. Ports
    are left alone: living writers may have them mapped, and the next reader mends them.
    """
    try:
        with lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if time.time() - lock.stat().st_mtime > youth:
                lock.with_name(lock.name.removesuffix("_el")).unlink(missing_ok=True)
                lock.unlink()
    except OSError:
        pass  # Locked, gone already, or somebody else's.

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

PATIENT = 60
"""A time to SIGTERM that no test waits for [s]."""
RUN = """
import sys
from multigen_launch.interpreter import resolve
from multigen_launch.runner import Runner
sys.exit(Runner(resolve(sys.argv[1]), youth=float(sys.argv[2])).run())
"""
SIGNALS = """
import os, signal, sys, time
def report(number, frame):
    os.write(1, f"got {signal.Signals(number).name}\\n".encode())
    if number == LAST:
        sys.exit(0)
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, report)
os.write(1, f"ready {os.getpid()}\\n".encode())
while True:
    time.sleep(60)
"""
ENDS_SLOWLY = """
import os, signal, time
def tell(word):
    try:
        os.write(1, f"{word}\\n".encode())
    except BrokenPipeError:
        pass
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
tell(f"ready {os.getpid()}")
signal.sigwait({signal.SIGINT})
tell("asked")
time.sleep(0.3)
tell("done")
"""


class Workspace:
    """An install prefix with executables, alone on AMENT_PREFIX_PATH, and launch files."""

    def __init__(self, folder: Path, monkeypatch) -> None:
        self.prefix, self.files = folder / "prefix", folder / "launch"
        self.files.mkdir()
        monkeypatch.setenv("AMENT_PREFIX_PATH", str(self.prefix))
        monkeypatch.setenv("ROS_LOG_DIR", str(folder / "log"))
        self.executable("talker", "pass")

    def executable(self, name: str, code: str, package: str = "demo") -> Path:
        """Install a Python program."""
        (self.prefix / "share" / package).mkdir(parents=True, exist_ok=True)
        path = self.prefix / "lib" / package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!{sys.executable} -SE\n{textwrap.dedent(code)}\n")
        path.chmod(0o755)
        return path

    def file(self, body: str, name: str = "main.launch.xml") -> Path:
        """A launch file; its first line is `<launch>`, the body starts on line 2."""
        path = self.files / name
        path.write_text(f"<launch>\n{textwrap.dedent(body).strip()}\n</launch>\n")
        return path

    def sleeper(self, name: str = "sleeper", last: str = "signal.SIGINT") -> None:
        """Install a program that tells of SIGINT and SIGTERM, and ends on the last."""
        self.executable(name, SIGNALS.replace("LAST", last))

    def slow(self, name: str, at_last: str = "") -> None:
        """Install a program that takes a while to end, and what it does then."""
        self.executable(name, ENDS_SLOWLY + at_last)

    @staticmethod
    def node(name: str, attributes: str = "") -> str:
        """The element that runs an executable."""
        return f'<node pkg="demo" exec="{name}" output="screen" {attributes}/>'

    def gone(self, *pids: int) -> bool:
        """Whether processes end within half a minute."""
        deadline = time.monotonic() + 30
        while any(self.alive(pid) for pid in pids):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    @staticmethod
    def alive(pid: int) -> bool:
        """Whether a process exists and is not a zombie."""
        try:
            os.kill(pid, 0)
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except (ProcessLookupError, FileNotFoundError):
            return False


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """Fake packages and launch files, apart from every real one."""
    return Workspace(tmp_path, monkeypatch)


class Launcher:
    """`multigen launch` of a file as a child of the test, with its output line by line."""

    def __init__(self, file: Path, youth: float) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", RUN, str(file), str(youth)], stdout=subprocess.PIPE, text=True
        )
        self.lines: list[str] = []

    def until(self, part: str, count: int = 1) -> str:
        """The next line with `part` in it, the count-th one."""
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            count -= part in line
            if not count:
                return self.lines[-1]
        pytest.fail(f"no {part!r} in:\n" + "\n".join(self.lines))

    def pid(self, label: str) -> int:
        """The pid in a node's line `ready PID`."""
        return int(self.until(f"[{label}] ready").split()[-1])

    def end(self) -> tuple[int, str]:
        """Exit status and whole output."""
        self.lines += self.process.stdout.read().splitlines()
        return self.process.wait(), "\n".join(self.lines)


@pytest.fixture
def start(workspace):
    launchers = []

    def make(body, patience=PATIENT, youth=0.0):
        timeouts = "".join(
            f'<let name="{name}_timeout" value="{patience}"/>' for name in ("sigterm", "sigkill")
        )
        launchers.append(Launcher(workspace.file(timeouts + body), youth))
        return launchers[-1]

    yield make
    for launcher in launchers:
        launcher.process.kill()
        launcher.process.wait()
        launcher.process.stdout.close()

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PATIENT = 60.0
"""A grace that no test waits for [s]."""

RUN = """
import sys
from multigen_launch.interpreter import resolve
from multigen_launch.runner import Runner
sys.exit(Runner(resolve(sys.argv[1]), float(sys.argv[2])).run())
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


class Launcher:
    """`multigen launch` of a file as a child of the test, with its output line by line."""

    def __init__(self, file: Path, grace: float) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", RUN, str(file), str(grace)], stdout=subprocess.PIPE, text=True
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

    def make(body, grace=PATIENT):
        launchers.append(Launcher(workspace.file(body), grace))
        return launchers[-1]

    yield make
    for launcher in launchers:
        launcher.process.terminate()
        launcher.process.send_signal(signal.SIGTERM)
        launcher.process.send_signal(signal.SIGTERM)
        launcher.process.wait()
        launcher.process.stdout.close()


def node(name, attributes=""):
    return f'<node pkg="demo" exec="{name}" output="screen" {attributes}/>'


def gone(workspace, *pids):
    """Whether processes end, which the caller's time limit bounds."""
    deadline = time.monotonic() + 30
    while any(workspace.alive(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def sleeper(workspace, name="sleeper", last="signal.SIGINT"):
    workspace.executable(name, SIGNALS.replace("LAST", last))


def test_lines_bear_the_name_of_their_process(workspace, start):
    workspace.executable(
        "talker",
        "import sys; print('one'); print('two'); sys.stdout.flush(); "
        "sys.stderr.write('three\\n'); sys.stdout.write('no end')",
    )
    status, output = start(node("talker") + node("talker")).end()
    assert status == 0
    for label in ("talker-1", "talker-2"):
        for line in ("one", "two", "three", "no end"):
            assert f"[{label}] {line}" in output.splitlines()


def test_output_log_keeps_stdout_off_the_screen_but_in_the_log(workspace, start):
    workspace.executable("talker", "import sys; print('quiet'); print('loud', file=sys.stderr)")
    _, output = start('<node pkg="demo" exec="talker"/>').end()
    assert "[talker-1] loud" in output
    assert "quiet" not in output
    (log,) = Path(os.environ["ROS_LOG_DIR"]).glob("*/launch.log")
    assert "[talker-1] quiet" in log.read_text()


def test_parameters_reach_the_process_and_leave_no_file_behind(workspace, start):
    workspace.executable(
        "talker",
        "import sys; path = sys.argv[sys.argv.index('--params-file') + 1]; "
        "print(open(path).read()); print('path', path)",
    )
    body = '<node pkg="demo" exec="talker" output="screen"><param name="p" value="yes"/></node>'
    _, output = start(body).end()
    assert "[talker-1]     p: true" in output
    path = next(line for line in output.splitlines() if " path " in line).split()[-1]
    assert not Path(path).parent.exists()


def test_a_failed_node_makes_the_launch_fail_but_not_end(workspace, start):
    workspace.executable("broken", "raise SystemExit(3)")
    sleeper(workspace)
    launcher = start(node("sleeper") + node("broken"))
    pid = launcher.pid("sleeper-1")
    if not any("exit code 3" in line for line in launcher.lines):
        launcher.until("[broken-2]: process has died, exit code 3")
    assert workspace.alive(pid)
    launcher.process.send_signal(signal.SIGINT)
    assert launcher.end()[0] == 1


@pytest.mark.parametrize(("code", "expected"), [(0, 0), (3, 1)])
def test_the_end_of_an_essential_node_stops_the_others(workspace, start, code, expected):
    sleeper(workspace)
    workspace.executable(
        "leader",
        f"input_ = open({str(workspace.files / 'go')!r}).read; input_()\nraise SystemExit({code})",
    )
    os.mkfifo(workspace.files / "go")
    launcher = start(node("sleeper") + node("leader", 'on_exit="shutdown"'))
    pid = launcher.pid("sleeper-1")
    (workspace.files / "go").write_text("go")
    status, output = launcher.end()
    assert status == expected
    assert "leader-2 ended: sending SIGINT to sleeper-1" in output
    assert "[sleeper-1] got SIGINT" in output
    assert not workspace.alive(pid)


def test_a_respawned_node_is_started_again_until_the_launch_stops(workspace, start):
    workspace.executable("brief", "import time; print('begun', flush=True); time.sleep(0.2); 1 / 0")
    launcher = start(node("brief", 'respawn="true" respawn_delay="0.1"'))
    launcher.until("[brief-1] begun", 3)
    launcher.process.send_signal(signal.SIGINT)
    status, output = launcher.end()
    assert status == 1
    assert "received: sending SIGINT" in output


def test_a_stop_while_a_respawn_is_due_ends_the_launch(workspace, start):
    workspace.executable("brief", "pass")
    launcher = start(node("brief", 'respawn="true" respawn_delay="3600"'))
    launcher.until("process has finished cleanly")
    launcher.process.send_signal(signal.SIGINT)
    assert launcher.end()[0] == 0


@pytest.mark.parametrize("request_", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_requested_stop_is_success_and_begins_with_sigint(workspace, start, request_):
    sleeper(workspace)
    launcher = start(node("sleeper"))
    pid = launcher.pid("sleeper-1")
    launcher.process.send_signal(request_)
    status, output = launcher.end()
    assert status == 0
    assert f"{request_.name} received: sending SIGINT" in output
    assert "[sleeper-1] got SIGINT" in output
    assert "got SIGTERM" not in output
    assert not workspace.alive(pid)


def test_a_stop_escalates_to_sigterm_and_sigkill(workspace, start):
    sleeper(workspace, "polite", "signal.SIGINT")
    sleeper(workspace, "slow", "signal.SIGTERM")
    sleeper(workspace, "stubborn", "None")
    launcher = start(node("polite") + node("slow") + node("stubborn"), grace=0.5)
    launcher.until("ready", 3)
    launcher.process.send_signal(signal.SIGINT)
    status, output = launcher.end()
    assert status == 0
    got = [line for line in output.splitlines() if "got" in line]
    assert sorted(got) == [
        "[polite-1] got SIGINT",
        "[slow-2] got SIGINT",
        "[slow-2] got SIGTERM",
        "[stubborn-3] got SIGINT",
        "[stubborn-3] got SIGTERM",
    ]
    assert "[stubborn-3]: process has ended on SIGKILL" in output


def test_asking_again_escalates_at_once(workspace, start):
    sleeper(workspace, "stubborn", "None")
    launcher = start(node("stubborn"))
    launcher.pid("stubborn-1")
    for line in ("[stubborn-1] got SIGINT", "[stubborn-1] got SIGTERM", "ended on SIGKILL"):
        launcher.process.send_signal(signal.SIGINT)
        launcher.until(line)
    assert launcher.end()[0] == 0


def test_a_process_that_a_node_leaves_behind_is_ended(workspace, start):
    workspace.executable(
        "parent",
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print('child', child.pid)",
    )
    status, output = start(node("parent")).end()
    pid = next(line for line in output.splitlines() if "child" in line).split()[-1]
    assert status == 0
    assert gone(workspace, int(pid))


def test_no_process_survives_the_launcher_being_killed(workspace, start):
    sleeper(workspace, "polite", "signal.SIGINT")
    sleeper(workspace, "stubborn", "None")
    workspace.executable(
        "parent",
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print('ready', os.getpid(), child.pid, flush=True)\n"
        "time.sleep(600)",
    )
    launcher = start(node("polite") + node("stubborn") + node("parent"), grace=0.5)
    pids = []
    while len(pids) < 4:
        pids += [int(word) for word in launcher.until("] ready").split()[2:]]
    assert all(workspace.alive(pid) for pid in pids)
    launcher.process.kill()
    assert gone(workspace, *pids)


def test_a_node_can_finish_its_work_when_the_launcher_is_killed(workspace, start):
    done = workspace.files / "done"
    workspace.executable(
        "recorder",
        "import os, signal, time\n"
        f"def close(*_): open({str(done)!r}, 'w').close(); raise SystemExit\n"
        "signal.signal(signal.SIGINT, close)\n"
        "print('ready', os.getpid(), flush=True)\n"
        "time.sleep(600)",
    )
    launcher = start(node("recorder"), grace=30)
    pid = launcher.pid("recorder-1")
    launcher.process.kill()
    assert gone(workspace, pid)
    assert done.exists()


def test_nodes_stop_when_nobody_reads_the_output(workspace, start):
    workspace.executable(
        "talker",
        "import os, time\nprint('ready', os.getpid(), flush=True)\n"
        "while True:\n    print('x' * 100, flush=True)\n    time.sleep(0.01)",
    )
    launcher = start(node("talker"))
    pid = launcher.pid("talker-1")
    launcher.process.stdout.close()
    assert launcher.process.wait() == 0
    assert not workspace.alive(pid)


def test_a_program_that_cannot_run_stops_what_has_started(workspace, start):
    sleeper(workspace)
    workspace.executable("odd", "pass").write_text("#!/no/such/interpreter\n")
    status, output = start(node("sleeper") + node("odd")).end()
    assert status == 1
    assert "[ERROR] [odd-2]: cannot start" in output
    assert "sending SIGINT to sleeper-1" in output


def test_long_and_undecodable_lines_pass(workspace, start):
    workspace.executable(
        "talker", "import sys; sys.stdout.buffer.write(b'a' * 200_000 + b'\\n\\xff end\\n')"
    )
    _, output = start(node("talker")).end()
    assert f"[talker-1] {'a' * 200_000}" in output.splitlines()
    assert "[talker-1] \N{REPLACEMENT CHARACTER} end" in output.splitlines()

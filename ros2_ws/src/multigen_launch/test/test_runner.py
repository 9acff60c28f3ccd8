"""Running a plan: output, parameters, failures."""

import os
import signal
from pathlib import Path

import pytest


def test_lines_bear_the_name_of_their_process(workspace, start):
    workspace.executable(
        "talker",
        "import sys; print('one'); print('two'); sys.stdout.flush(); "
        "sys.stderr.write('three\\n'); sys.stdout.write('no end')",
    )
    status, output = start(workspace.node("talker") + workspace.node("talker")).end()
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


@pytest.mark.parametrize("home", ["/proc", "~nobody_of_that_name"])
def test_a_launch_runs_where_no_log_can_be_kept(workspace, start, monkeypatch, capfd, home):
    monkeypatch.setenv("ROS_LOG_DIR", home)
    workspace.executable("talker", "print('here')")
    status, output = start(workspace.node("talker")).end()
    assert status == 0
    assert "[talker-1] here" in output
    assert "log files are in" not in output
    assert "[WARNING] [launch]: no launch.log: " in capfd.readouterr().err


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
    workspace.sleeper()
    launcher = start(workspace.node("sleeper") + workspace.node("broken"))
    pid = launcher.pid("sleeper-1")
    if not any("exit code 3" in line for line in launcher.lines):
        launcher.until("[broken-2]: process has died, exit code 3")
    assert workspace.alive(pid)
    launcher.process.send_signal(signal.SIGINT)
    assert launcher.end()[0] == 1


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("SIGBUS", "killed by SIGBUS, perhaps for /dev/shm is full"),
        ("SIGSEGV", "killed by SIGSEGV"),
    ],
)
def test_a_node_that_is_killed_is_said_to_be_by_what(workspace, start, number, words):
    workspace.executable("victim", f"import os, signal; os.kill(os.getpid(), signal.{number})")
    status, output = start(workspace.node("victim")).end()
    assert status == 1
    assert f"[ERROR] [victim-1]: process has died, {words} [pid" in output


def test_a_respawned_node_is_started_again_until_the_launch_stops(workspace, start):
    workspace.executable("brief", "import time; print('begun', flush=True); time.sleep(0.2); 1 / 0")
    launcher = start(workspace.node("brief", 'respawn="true" respawn_delay="0.1"'))
    launcher.until("[brief-1] begun", 3)
    launcher.process.send_signal(signal.SIGINT)
    status, output = launcher.end()
    assert status == 1
    assert "SIGINT received: stopping" in output


def test_a_respawned_node_that_cannot_run_as_configured_ends_the_launch(workspace, start):
    workspace.sleeper()
    workspace.executable("odd", "import os, sys; print('no such port'); sys.exit(os.EX_CONFIG)")
    status, output = start(
        workspace.node("sleeper") + workspace.node("odd", 'respawn="true"')
    ).end()
    assert status == 1
    assert output.count("[odd-2] no such port") == 1
    assert "odd-2 cannot run as configured: stopping sleeper-1" in output


def test_a_program_that_cannot_run_stops_what_has_started(workspace, start):
    workspace.sleeper()
    workspace.executable("odd", "pass").write_text("#!/no/such/interpreter\n")
    status, output = start(workspace.node("sleeper") + workspace.node("odd")).end()
    assert status == 1
    assert "[ERROR] [odd-2]: cannot start" in output
    assert "odd-2 cannot start: stopping sleeper-1" in output


def test_long_and_undecodable_lines_pass(workspace, start):
    workspace.executable(
        "talker", "import sys; sys.stdout.buffer.write(b'a' * 200_000 + b'\\n\\xff end\\n')"
    )
    _, output = start(workspace.node("talker")).end()
    assert f"[talker-1] {'a' * 200_000}" in output.splitlines()
    assert "[talker-1] \N{REPLACEMENT CHARACTER} end" in output.splitlines()

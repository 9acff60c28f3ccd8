"""How a launch stops: in turn, patiently, and without leaving anything behind."""

import os
import signal

import pytest


@pytest.mark.parametrize(("code", "expected"), [(0, 0), (3, 1)])
def test_the_end_of_an_essential_node_stops_the_others(workspace, start, code, expected):
    workspace.sleeper()
    workspace.executable(
        "leader",
        f"input_ = open({str(workspace.files / 'go')!r}).read; input_()\nraise SystemExit({code})",
    )
    os.mkfifo(workspace.files / "go")
    launcher = start(workspace.node("sleeper") + workspace.node("leader", 'on_exit="shutdown"'))
    pid = launcher.pid("sleeper-1")
    (workspace.files / "go").write_text("go")
    status, output = launcher.end()
    assert status == expected
    assert "leader-2 ended: stopping sleeper-1" in output
    assert "[sleeper-1] got SIGINT" in output
    assert not workspace.alive(pid)


def test_a_stop_while_a_respawn_is_due_ends_the_launch(workspace, start):
    workspace.executable("brief", "pass")
    launcher = start(workspace.node("brief", 'respawn="true" respawn_delay="3600"'))
    launcher.until("process has finished cleanly")
    launcher.process.send_signal(signal.SIGINT)
    assert launcher.end()[0] == 0


@pytest.mark.parametrize("request_", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_requested_stop_is_success_and_begins_with_sigint(workspace, start, request_):
    workspace.sleeper()
    launcher = start(workspace.node("sleeper"))
    pid = launcher.pid("sleeper-1")
    launcher.process.send_signal(request_)
    status, output = launcher.end()
    assert status == 0
    assert f"{request_.name} received: stopping sleeper-1" in output
    assert "[sleeper-1] got SIGINT" in output
    assert "got SIGTERM" not in output
    assert not workspace.alive(pid)


def test_a_stop_escalates_to_sigterm_and_sigkill(workspace, start):
    workspace.sleeper("polite", "signal.SIGINT")
    workspace.sleeper("slow", "signal.SIGTERM")
    workspace.sleeper("stubborn", "None")
    launcher = start(
        workspace.node("polite") + workspace.node("slow") + workspace.node("stubborn"), patience=0.5
    )
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


def test_processes_stop_one_after_another_the_last_of_the_file_first(workspace, start):
    for name in ("arm", "guard", "policy"):
        workspace.slow(name)
    launcher = start(workspace.node("arm") + workspace.node("guard") + workspace.node("policy"))
    launcher.until("ready", 3)
    launcher.process.send_signal(signal.SIGTERM)
    _, output = launcher.end()
    told = [line for line in output.splitlines() if "asked" in line or "done" in line]
    assert told == [
        f"[{label}] {word}"
        for label in ("policy-3", "guard-2", "arm-1")
        for word in ("asked", "done")
    ]


def test_a_respawned_process_keeps_its_turn(workspace, start):
    for name in ("guard", "policy"):
        workspace.slow(name)
    launcher = start(workspace.node("guard", 'respawn="true"') + workspace.node("policy"))
    pids = {}
    while len(pids) < 2:
        label, _, pid = launcher.until("] ready").split()
        pids[label] = int(pid)
    os.kill(pids["[guard-1]"], signal.SIGKILL)
    launcher.until("[guard-1] ready")
    launcher.process.send_signal(signal.SIGINT)
    _, output = launcher.end()
    assert output.index("[policy-2] done") < output.index("[guard-1] asked")


def test_one_that_does_not_end_does_not_keep_the_others_running(workspace, start):
    workspace.sleeper("first")
    workspace.sleeper("stubborn", "None")
    launcher = start(workspace.node("first") + workspace.node("stubborn"), patience=1)
    launcher.until("ready", 2)
    launcher.process.send_signal(signal.SIGINT)
    _, output = launcher.end()
    assert output.index("[stubborn-2] got SIGINT") < output.index("[first-1] got SIGINT")
    assert output.index("[first-1] got SIGINT") < output.index("[stubborn-2]: process has ended on")


def test_asking_again_asks_all_at_once_and_kills_nobody_who_is_still_ending(workspace, start):
    workspace.sleeper("first", "signal.SIGTERM")
    workspace.sleeper("stubborn", "None")
    launcher = start(workspace.node("first") + workspace.node("stubborn"))
    launcher.until("ready", 2)
    launcher.process.send_signal(signal.SIGINT)
    launcher.until("[stubborn-2] got SIGINT")
    launcher.process.send_signal(signal.SIGINT)
    launcher.until("[first-1] got SIGINT")
    launcher.process.send_signal(signal.SIGINT)
    launcher.until("[first-1]: process has finished cleanly")
    pid = int(next(line for line in launcher.lines if "[stubborn-2] ready" in line).split()[-1])
    for _ in range(3):
        launcher.process.send_signal(signal.SIGINT)
        launcher.until("again: sending SIGTERM to all")
    assert workspace.alive(pid)


def test_a_process_that_is_still_starting_ends_quietly(workspace, start):
    workspace.executable("slow", "import time\nprint('importing', flush=True)\ntime.sleep(600)")
    launcher = start(workspace.node("slow"), youth=600.0)
    launcher.until("importing")
    launcher.process.send_signal(signal.SIGINT)
    status, output = launcher.end()
    assert status == 0
    assert "process has ended on SIGTERM" in output
    assert "Traceback" not in output


def test_a_process_that_fails_while_it_ends_makes_the_launch_fail(workspace, start):
    workspace.slow("recorder", "raise SystemExit(1)")
    launcher = start(workspace.node("recorder"))
    launcher.until("ready")
    launcher.process.send_signal(signal.SIGINT)
    status, output = launcher.end()
    assert status == 1
    assert "[ERROR] [recorder-1]: process has died, exit code 1" in output


def test_a_process_that_a_node_leaves_behind_is_ended(workspace, start):
    workspace.executable(
        "parent",
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print('child', child.pid)",
    )
    status, output = start(workspace.node("parent")).end()
    pid = next(line for line in output.splitlines() if "child" in line).split()[-1]
    assert status == 0
    assert workspace.gone(int(pid))


def test_no_process_survives_the_launcher_being_killed(workspace, start):
    workspace.sleeper("polite", "signal.SIGINT")
    workspace.sleeper("stubborn", "None")
    workspace.executable(
        "parent",
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print('ready', os.getpid(), child.pid, flush=True)\n"
        "time.sleep(600)",
    )
    launcher = start(
        workspace.node("polite") + workspace.node("stubborn") + workspace.node("parent"), patience=1
    )
    pids = []
    while len(pids) < 4:
        pids += [int(word) for word in launcher.until("] ready").split()[2:]]
    assert all(workspace.alive(pid) for pid in pids)
    launcher.process.kill()
    assert workspace.gone(*pids)


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
    launcher = start(workspace.node("recorder"))
    pid = launcher.pid("recorder-1")
    launcher.process.kill()
    assert workspace.gone(pid)
    assert done.exists()


def test_nodes_end_in_turn_when_the_launcher_is_killed(workspace, start):
    order = workspace.files / "order"
    for name in ("arm", "guard", "policy"):
        workspace.slow(name, f"print({name!r}, file=open({str(order)!r}, 'a'))")
    launcher = start(workspace.node("arm") + workspace.node("guard") + workspace.node("policy"))
    pids = []
    while len(pids) < 3:
        pids += [int(word) for word in launcher.until("] ready").split()[2:]]
    launcher.process.kill()
    assert workspace.gone(*pids)
    assert order.read_text().split() == ["policy", "guard", "arm"]


def test_nodes_stop_when_nobody_reads_the_output(workspace, start):
    workspace.executable(
        "talker",
        "import os, time\nprint('ready', os.getpid(), flush=True)\n"
        "while True:\n    print('x' * 100, flush=True)\n    time.sleep(0.01)",
    )
    launcher = start(workspace.node("talker"))
    pid = launcher.pid("talker-1")
    launcher.process.stdout.close()
    assert launcher.process.wait() == 0
    assert not workspace.alive(pid)

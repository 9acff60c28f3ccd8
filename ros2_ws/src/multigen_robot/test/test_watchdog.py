"""A watchdog over small scripts; what they print tells what became of them."""

import os
import signal
import sys
from pathlib import Path
from time import sleep as pause

import pytest

HEAD = """
import os, signal, sys, time
from multigen_robot.watchdog import Heart
heart = Heart()
life = int(heart.last_words or 0) + 1
print("life", life, os.getpid(), flush=True)
"""
BEAT = """
def live(seconds):
    for _ in range(int(seconds / 0.05)):
        heart.beat(str(life))
        time.sleep(0.05)
"""


@pytest.fixture
def watch(start):
    """Runs a script under a watchdog."""

    return lambda body: start(*command(body))


def command(body):
    """A script under a watchdog."""
    script = HEAD + BEAT + body
    main = f"""
import sys
from multigen_robot.watchdog import Watchdog
sys.exit(Watchdog("dog", [sys.executable, "-c", {script!r}]).run())
"""
    return [sys.executable, "-c", main]


def lives(process):
    """The pid of every life so far."""
    told = [line.split() for line in process.output.splitlines() if line.startswith("life")]
    return {int(number): int(pid) for _, number, pid in told}


def test_the_status_of_a_child_that_ends_by_itself_is_passed_on(watch):
    assert watch("live(0.2); sys.exit(3)").wait() == 3
    assert watch("sys.exit(0)").wait() == 0


def test_a_child_that_falls_silent_is_replaced_by_one_that_knows_its_last_words(watch, wait):
    process = watch("live(0.5) if life < 3 else sys.exit(0); time.sleep(1e6)")
    assert process.wait() == 0
    assert sorted(lives(process)) == [1, 2, 3]
    assert process.output.count("dog: error: hung and was killed; restarting") == 2


def test_a_child_that_is_killed_is_replaced(watch, wait):
    process = watch("live(1000)")
    wait(lambda: 1 in lives(process), "the first life")
    os.kill(lives(process)[1], signal.SIGKILL)
    wait(lambda: "died of SIGKILL; restarting" in process.output, "the second life")
    wait(lambda: len(process.output.splitlines()) == 3, "the second life")
    assert process.child.poll() is None


def test_a_child_that_says_it_ends_may_take_its_time(watch):
    process = watch("live(0.2); heart.stop(); time.sleep(4); sys.exit(3)")
    assert process.wait() == 3
    assert "error" not in process.output


def test_a_child_that_is_slow_to_start_is_waited_for(watch):
    assert watch("time.sleep(4); live(0.5); sys.exit(7)").wait() == 7


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_request_to_end_is_passed_on_and_the_child_may_take_its_time(watch, wait, number):
    process = watch("""
def end(*_):
    time.sleep(4)
    print("ended well", flush=True)
    sys.exit(5)
signal.signal(signal.SIGINT, end)
signal.signal(signal.SIGTERM, end)
print("ready", flush=True)
live(1000)
""")
    wait(lambda: "ready" in process.output, "the child")
    assert process.end(number) == 5
    assert "ended well" in process.output
    assert "error" not in process.output


def test_a_pause_of_all_is_no_silence(watch, wait):
    process = watch("live(1000)")
    wait(lambda: lives(process), "the child")
    child = lives(process)[1]
    for number in (signal.SIGSTOP, signal.SIGCONT):
        os.killpg(process.child.pid, number)
        if number == signal.SIGSTOP:
            wait(lambda: Path(f"/proc/{child}/stat").read_text().split()[2] == "T", "the pause")
            pause(3.0)
    pause(1.0)
    assert list(lives(process).values()) == [child]
    assert process.child.poll() is None


def test_a_child_without_its_watchdog_learns_it(watch, wait):
    process = watch("live(1000)")
    wait(lambda: lives(process), "the child")
    process.child.kill()
    wait(lambda: "its watchdog is gone" in process.output, "the child to notice")


def test_a_child_is_asked_to_end_when_the_launch_is_gone(start, wait, monkeypatch):
    monkeypatch.setenv("MULTIGEN_END_WITH_PARENT", "true")
    body = """
def end(*_):
    print("ended well", flush=True)
    sys.exit(0)
signal.signal(signal.SIGINT, end)
live(1000)
"""
    launch = "import subprocess, sys; subprocess.run(sys.argv[1:])"
    process = start(sys.executable, "-c", launch, *command(body))
    wait(lambda: 1 in lives(process), "the first life")
    process.child.kill()
    wait(lambda: "ended well" in process.output, "the end of the child")

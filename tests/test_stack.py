"""The whole graph as users start it: simulator, sound, policy, guard, recorder."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from std_srvs.srv import Trigger

from multigen_core import contract
from multigen_core.bags import BagReader
from multigen_core.ros.endpoints import subscribe
from multigen_core.types import Outcome

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(400)]
ROOT = Path(__file__).parents[1]
LAUNCH = ROOT / "launch"


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


def only_bag(folder):
    (bag,) = (path for path in folder.iterdir() if path.is_dir())
    return bag


def test_a_recorded_pour_from_launch_to_report(start, tmp_path):
    stack = start(
        "multigen", "launch", str(LAUNCH / "multigen.launch.xml"), "evaluate:=true",
        "target_ml:=100", "policy:=timed", f"bag_dir:={tmp_path / 'bags'}",
    )  # fmt: skip
    assert stack.wait(240) == 0, stack.output
    bag = only_bag(tmp_path / "bags")
    subprocess.run(
        ["multigen", "evaluate-bag", bag, "--json", tmp_path / "result.json"], check=True
    )
    (result,) = json.loads((tmp_path / "result.json").read_text())["results"]
    assert result["target_ml"] == pytest.approx(100)
    assert result["poured_ml"] == pytest.approx(100, abs=15)
    assert result["spilled_ml"] < 2
    assert result["audio_gaps"] == 0
    page = tmp_path / "report.html"
    subprocess.run(["multigen", "report", bag, "-o", page], check=True)
    assert page.stat().st_size > 50_000


@pytest.fixture
def world(start, peer, tmp_path, wait):
    """The graph with a pour under way; what it says of the liquid and of the pour."""

    class World:
        def __init__(self):
            self.truth, self.progress, self.stopped = [], [], []

    world = World()
    subscribe(peer, contract.LIQUID_STATE, world.truth.append)
    subscribe(peer, contract.PROGRESS, world.progress.append)
    subscribe(peer, contract.STOPPED, world.stopped.append)
    world.bags = tmp_path / "bags"
    world.stack = start(
        "multigen", "launch", str(LAUNCH / "multigen.launch.xml"),
        "target_ml:=200", "record:=true", f"bag_dir:={world.bags}",
    )  # fmt: skip
    wait(
        lambda: world.truth and world.truth[-1].source_tilt > 0.5,
        lambda: f"the vessel to tilt; the graph said:\n{world.stack.output}",
    )
    return world


def test_ctrl_c_leaves_an_upright_vessel_a_readable_bag_and_no_orphan(world):
    family = world.stack.family
    assert len(family) >= 5
    assert world.stack.end(signal.SIGINT) == 0, world.stack.output
    deadline = time.monotonic() + 5
    while any(alive(pid) for pid in family) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not [pid for pid in family if alive(pid)]
    assert world.truth[-1].source_tilt < 0.06
    with BagReader(only_bag(world.bags)) as reader:
        assert reader.count(contract.LIQUID_STATE) > 50


def test_a_killed_policy_leaves_the_vessel_upright(world, wait):
    world.stack.kill("policy")
    wait(lambda: world.truth[-1].source_tilt < 0.06, "the guard to bring the vessel upright", 60)
    poured = world.truth[-1].target_volume
    time.sleep(2.0)
    assert world.truth[-1].target_volume == pytest.approx(poured, abs=2e-6)
    assert world.stack.child.poll() is None, "the rest of the graph lives on"


@pytest.mark.parametrize(
    ("process", "blow"),
    [
        ("arm_guard", signal.SIGKILL),
        ("arm_guard_node", signal.SIGKILL),
        ("arm_guard_node", signal.SIGSTOP),
    ],
)
def test_a_guard_that_dies_or_hangs_comes_back_and_the_pour_ends_well_or_upright(
    world, wait, process, blow
):
    world.stack.kill(process, blow)
    wait(lambda: world.progress[-1].outcome is not Outcome.RUNNING, "the end of the pour", 120)
    wait(
        lambda: world.truth[-1].source_tilt < 0.06,
        lambda: f"an upright vessel; the graph said:\n{world.stack.output}",
    )
    assert world.truth[-1].spill_rate == 0.0


def test_a_guard_away_for_longer_than_the_policy_waits_still_brings_the_vessel_upright(world, wait):
    deadline = time.monotonic() + 90
    # A busy machine may see the pour aborted without having seen its retreat.
    while not any(p.stage == "retreat" or p.outcome is Outcome.ABORTED for p in world.progress):
        assert time.monotonic() < deadline, world.stack.output
        for pid in world.stack.pids("arm_guard"):
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.1)
    assert world.truth[-1].source_tilt > 0.3
    wait(
        lambda: world.progress[-1].outcome is Outcome.ABORTED,
        lambda: f"the end of the pour; the graph said:\n{world.stack.output}",
    )
    wait(lambda: world.truth[-1].source_tilt < 0.06, "an upright vessel")


def test_an_emergency_stop_freezes_the_arm_and_tells_the_policy(world, wait):
    subprocess.run(["multigen", "stop"], check=True, timeout=60)
    wait(lambda: world.stopped and world.stopped[-1], "the stop")
    wait(lambda: world.progress[-1].outcome is Outcome.ABORTED, "the end of the pour")
    assert world.progress[-1].reason == "emergency stop"
    time.sleep(1.0)
    tilt = world.truth[-1].source_tilt
    time.sleep(2.0)
    assert world.truth[-1].source_tilt == pytest.approx(tilt, abs=0.01)
    assert tilt > 0.3


def test_a_reset_in_mid_pour_ends_the_pour_and_the_world_goes_on(world, peer, wait):
    reset = peer.create_client(Trigger, "simulator/reset")
    wait(reset.service_is_ready, "the reset service")
    before = world.truth[-1].stamp
    reset.call_async(Trigger.Request())
    wait(lambda: world.progress[-1].outcome is Outcome.ABORTED, "the end of the pour")
    assert "does not follow" in world.progress[-1].reason
    wait(lambda: world.truth[-1].source_tilt < 0.06, "an upright vessel")
    assert world.truth[-1].target_volume < 1e-9
    assert world.truth[-1].stamp > before, "the clock is not rewound"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["colour:=red"], "colour"),
        (["scene:=moonbase"], "moonbase: no such file; shipped scenes"),
        (["camera:=opencv"], "sim:=true conflicts with camera:=opencv"),
        (["arm:=kinova", "sim:=false"], "needs a full ROS 2"),
        (["backend:=atlantis"], "backend 'atlantis' is not available"),
        (["target_ml:=5000", "exit_after_pour:=true"], "5000 ml would overflow"),
        (["target_ml:=-3", "exit_after_pour:=true"], "target_ml"),
    ],
)
def test_bad_launch_arguments_end_with_one_clear_line(start, arguments, message):
    stack = start("multigen", "launch", str(LAUNCH / "multigen.launch.xml"), *arguments)
    assert stack.wait(60) != 0
    lines = [line for line in stack.output.splitlines() if message in line]
    tellers = [line.split("]")[0] for line in lines]
    assert tellers, stack.output
    assert len(tellers) == len(set(tellers)), "each process says it once"
    told = [line for line in stack.output.splitlines() if line.startswith(tuple(tellers))]
    assert not any("Traceback" in line for line in told)


def test_a_second_simulator_in_the_domain_is_refused_and_harms_nothing(world, start_node):
    second = start_node("multigen_sim", "simulator")
    second.refuses("simulator: error: another simulator or player publishes /clock")
    stamps = [state.stamp for state in world.truth]
    assert stamps == sorted(stamps)

"""The backend through its real process and protocol, against the fake of Isaac Sim's API.

That it pours here shows how it meets what the public source shows; it does not show that it runs in
Isaac Sim, where it was never executed.
"""

import os
import subprocess
import sys
import time

import numpy as np
import pytest

from multigen_core.arm import Arm
from multigen_core.errors import MultigenError, WorkerDiedError
from multigen_core.simulator import make_simulator
from multigen_core.station import Station, Told
from multigen_core.station.pour_path import plan_pour
from multigen_core.world.scene import Scene, SourceSpec, TargetSpec
from multigen_sim.isaac.settings import PARTICLES, PATH

from .isaac_machine import IsaacMachine

pytest.importorskip("pxr", reason="pip install usd-core")
ARM = Arm.load()
SCENE = Scene(
    source=SourceSpec(volume_ml=250.0, grasp_height=0.06), target=TargetSpec(volume_ml=40.0)
)
VERSIONS = {
    "5.1.0": {"version": "5.1.0"},
    "6.0.1": {"version": "6.0.1", "writes_when_asked": True},
}


@pytest.fixture
def machine(tmp_path, monkeypatch):
    machine = IsaacMachine(tmp_path, particles=100)
    for name, value in machine.environment.items():
        monkeypatch.setenv(name, value)
    return machine


@pytest.fixture
def make(machine):
    """Makes simulators on the machine, and closes them."""
    made = []

    def one():
        made.append(make_simulator("isaac", ARM))
        return made[-1]

    yield one
    for simulator in made:
        simulator.close()


def goes(pid):
    """Whether a process is running."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def volumes(simulator):
    pour = simulator.state().pour
    return np.array([pour.source_volume, pour.poured_volume, pour.spilled_volume])


@pytest.mark.parametrize("version", VERSIONS)
def test_it_pours_and_every_particle_is_accounted_for(machine, make, version):
    machine.behaves(**VERSIONS[version])
    simulator = make()
    simulator.reset(SCENE, 0)
    path = plan_pour(Station.of(SCENE, ARM, Told.TARGET))
    first = simulator.state()
    assert first is simulator.state()
    assert first.joints.names == ARM.reported_names
    np.testing.assert_allclose(first.joints.positions[:7], path.at(0.0), atol=1e-5)
    assert first.pour.source_volume == pytest.approx(250e-6, rel=0.02)
    assert first.liquid.target_level > 0.005
    total = first.liquid.source_volume + first.liquid.target_volume
    flows = []
    for tilt in np.append(np.linspace(0.0, 1.7, 20), [1.7] * 30):
        simulator.command(path.at(tilt), np.zeros(7))
        simulator.step(8)
        flows.append(simulator.state().liquid.outflow_rate)
    last = simulator.state()
    np.testing.assert_allclose(last.joints.positions[:7], path.at(1.7), atol=1e-5)
    assert last.liquid.source_tilt == pytest.approx(1.7, abs=0.01)
    assert last.pour.poured_volume > 20e-6
    assert max(flows) > 20e-6
    assert last.liquid.target_level > first.liquid.target_level
    held = last.liquid.source_volume + last.liquid.target_volume
    assert held + last.liquid.airborne_volume + last.pour.spilled_volume == pytest.approx(
        total, rel=1e-9
    )
    assert last.pour.stamp == 50 * 20_000_000
    assert simulator.miscounted == 0


def test_pictures_show_the_state_of_now(make):
    simulator = make()
    simulator.reset(SCENE, 0)
    before = simulator.render("public")
    assert before.rgb.shape == (240, 320, 3)
    path = plan_pour(Station.of(SCENE, ARM, Told.TARGET))
    simulator.command(path.at(0.9), np.zeros(7))
    simulator.step(1)
    after = simulator.render("public")
    assert (after.rgb != before.rgb).any()
    assert (simulator.render("public").rgb == after.rgb).all()
    assert simulator.render("cutaway").rgb.shape == (128, 160, 3)
    assert simulator.state().joints.stamp == 2_500_000, "rendering takes no time"


def test_a_reset_starts_again_in_the_same_process(make):
    simulator = make()
    simulator.reset(SCENE, 0)
    pid = simulator.worker.pid
    simulator.step(5)
    simulator.reset(SCENE, 0)
    assert simulator.worker.pid == pid
    assert simulator.state().pour.stamp == 0
    assert volumes(simulator)[0] == pytest.approx(250e-6, rel=0.02)


def test_commands_act_late_and_smoothly_as_the_scene_says(make):
    scene = SCENE.model_copy(
        update={"arm": SCENE.arm.model_copy(update={"command_delay": 0.02, "servo_lag": 0.02})}
    )
    simulator = make()
    simulator.reset(scene, 0)
    start = simulator.state().joints.positions[:7]
    goal = start + 0.1
    simulator.command(goal, np.zeros(7))
    simulator.step(8)
    np.testing.assert_allclose(simulator.state().joints.positions[:7], start, atol=1e-5)
    simulator.step(8)
    part = (simulator.state().joints.positions[:7] - start) / 0.1
    np.testing.assert_allclose(part, 1.0 - np.exp(-1.0), atol=1e-3)


@pytest.mark.parametrize("bad", [np.zeros(6), np.full(7, np.nan)])
def test_wrong_commands_are_refused(make, bad):
    simulator = make()
    simulator.reset(SCENE, 0)
    with pytest.raises(MultigenError, match=r"7 joints|NaN"):
        simulator.command(bad, np.zeros(7))


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("die", "SIGKILL"),
        ("crash", "memory is full"),
        ("hang", "did not answer 'step' within 4 s"),
    ],
)
def test_death_and_hang_are_told_in_time_and_a_reset_starts_anew(machine, make, fault, reason):
    machine.behaves(fault=fault, at_step=230)
    simulator = make()
    simulator.reset(SCENE, 0)
    pid = simulator.worker.pid
    with pytest.raises(WorkerDiedError, match=reason) as told:
        simulator.step(100)
    assert "\n" not in str(told.value)
    assert not goes(pid)
    for call in (simulator.step, lambda: simulator.render("public")):
        with pytest.raises(WorkerDiedError, match="reset the simulation"):
            call()
    machine.behaves()
    simulator.reset(SCENE, 0)
    simulator.step(30)
    assert simulator.state().pour.stamp == 75_000_000


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("frozen", "particles do not move"),
        ("stubborn", "suppressReadback is True"),
        ("black", "no picture in 120 frames"),
    ],
)
def test_a_world_that_would_give_wrong_data_is_refused(machine, make, fault, reason):
    machine.behaves(fault=fault)
    simulator = make()
    with pytest.raises(MultigenError, match=reason):
        simulator.reset(SCENE, 0)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [("licence", "MultiGen never accepts it"), ("vulkan", "offers no Vulkan")],
)
def test_what_stops_isaac_sim_at_its_start_is_explained(machine, make, fault, reason):
    machine.behaves(fault=fault)
    with pytest.raises(WorkerDiedError, match=reason):
        make().reset(SCENE, 0)


def test_a_gpu_without_ray_tracing_is_named_where_isaac_sim_fails_on_it(machine, make):
    machine.has_gpu("NVIDIA H100 80GB HBM3, 580.65.06")
    machine.behaves(fault="vulkan")
    with pytest.raises(WorkerDiedError, match="does not support Isaac Sim on NVIDIA H100"):
        make().reset(SCENE, 0)


def test_a_python_without_isaac_sim_is_told_from_one_with(machine, make):
    machine.has_no_isaac_sim()
    with pytest.raises(WorkerDiedError, match="no complete Isaac Sim"):
        make().reset(SCENE, 0)


@pytest.mark.parametrize(
    ("path", "reason"),
    [("", "install yourself"), ("/nowhere", "not an executable file")],
)
def test_where_isaac_sim_is_not_found_the_variable_is_named(
    machine, make, monkeypatch, path, reason
):
    monkeypatch.setenv(PATH, path)
    with pytest.raises(MultigenError, match=f"{reason}.*{PATH}"):
        make()


@pytest.mark.parametrize(
    ("line", "status", "reason"),
    [
        ("No devices were found", 0, "lists none: No devices"),
        ("NVIDIA-SMI has failed", 9, "lists none: NVIDIA-SMI has failed"),
        ("NVIDIA RTX A6000, 535.129.03", 0, "535.129.03 is older than 570.169"),
    ],
)
def test_a_missing_gpu_and_an_old_driver_are_told_before_isaac_sim_starts(
    machine, make, line, status, reason
):
    machine.has_gpu(line, status)
    with pytest.raises(MultigenError, match=reason):
        make()


def test_a_missing_driver_is_told(machine, make, monkeypatch, tmp_path):
    (tmp_path / "nvidia-smi").unlink()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MultigenError, match="nvidia-smi is not installed"):
        make()


@pytest.mark.parametrize("count", ["99", "many", "-5", "1000001"])
def test_a_wrong_number_of_particles_is_refused(machine, make, monkeypatch, count):
    monkeypatch.setenv(PARTICLES, count)
    with pytest.raises(MultigenError, match=f"{PARTICLES}.*{count}"):
        make()


IMPOSTER = """
import socket, struct, sys, time
channel = socket.socket(socket.AF_UNIX)
channel.connect(sys.argv[2])
text = b'{"hello": 2, "arrays": []}'
channel.sendall(struct.pack("<4sHIQ", b"MGIS", %d, len(text), 0) + text)
time.sleep(60)
"""


@pytest.mark.parametrize("version", [1, 2])
def test_a_worker_of_another_version_is_refused_and_ended(machine, make, tmp_path, version):
    (tmp_path / "other.py").write_text(IMPOSTER % version)
    (tmp_path / "python.sh").write_text(
        f'#!/bin/sh\nexec "{sys.executable}" "{tmp_path}/other.py" "$@"\n'
    )
    with pytest.raises(MultigenError, match=r"version 2.*rebuild"):
        make().reset(SCENE, 0)


def test_closing_ends_the_process_and_removes_its_files(make):
    simulator = make()
    simulator.reset(SCENE, 0)
    pid, folder = simulator.worker.pid, simulator.worker.folder
    simulator.close()
    simulator.close()
    assert not goes(pid)
    assert not folder.exists()


@pytest.mark.parametrize("ending", ["raise SystemExit(3)", "os.kill(os.getpid(), 9)"])
def test_the_process_ends_with_the_program_that_has_it(machine, tmp_path, ending):
    program = (
        "import os\n"
        "from multigen_core.arm import Arm\n"
        "from multigen_core.simulator import make_simulator\n"
        "from multigen_core.world.scene import Scene\n"
        "simulator = make_simulator('isaac', Arm.load())\n"
        "simulator.reset(Scene(), 0)\n"
        "print(simulator.worker.pid, flush=True)\n"
        f"{ending}\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=250
    )
    assert done.returncode in (3, -9), done.stderr
    deadline = time.monotonic() + 60.0
    while goes(int(done.stdout)):
        assert time.monotonic() < deadline
        time.sleep(0.1)

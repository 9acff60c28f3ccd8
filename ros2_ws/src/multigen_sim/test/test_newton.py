import sys

import numpy as np
import pytest

from multigen_core.arm import Arm
from multigen_core.errors import MultigenError
from multigen_core.world.scene import Scene, SourceSpec, TargetSpec
from multigen_sim.liquid.ledger import SOURCE, TARGET
from multigen_sim.liquid.vessel_pose import VesselPose
from multigen_sim.newton.backend import missing, newton_simulator
from multigen_sim.newton.settings import DEVICE, PARTICLES, Settings

installed = pytest.mark.skipif(bool(missing()), reason=f"no {missing()}: setup.sh --newton")
UP = np.array([0.0, 0.0, 1.0])
HELD = VesselPose(np.array([0.65, 0.05, 0.45]), UP)


def test_a_missing_package_is_named_with_the_way_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "warp", None)
    with pytest.raises(MultigenError, match=r"needs .*warp-lang: install with scripts/setup.sh"):
        newton_simulator(Arm.load())


@pytest.mark.parametrize("count", ["many", "7", "-300", "10000000000"])
def test_an_impossible_number_of_particles_is_refused(monkeypatch, count):
    monkeypatch.setenv(PARTICLES, count)
    with pytest.raises(MultigenError, match=f"{PARTICLES} is '{count}': expected 100 to"):
        Settings.from_environment()


@installed
def test_an_absent_device_is_refused_with_those_found(monkeypatch):
    monkeypatch.setenv(DEVICE, "cuda:77")
    with pytest.raises(MultigenError, match="'cuda:77', but Warp finds only cpu"):
        newton_simulator(Arm.load())


def liquid(scene, particles=400):
    from multigen_sim.newton.particle_liquid import ParticleLiquid

    return ParticleLiquid(scene, HELD, Settings(particles))


@installed
def test_a_filling_settles_at_its_level_and_stays():
    one = liquid(Scene())
    for _ in range(40):
        one.step(HELD, 0.005)
    places = one.gauge.places
    assert places.count(SOURCE) == 400
    beaker = Scene().source.vessel
    spacing = places.particle ** (1 / 3)
    top = np.percentile(one.gauge.points[:, 2], 98) - HELD.mouth[2] + beaker.height
    level = beaker.level_at(350e-6)
    assert level - spacing < top < level + 0.5 * spacing


@installed
def test_a_target_may_start_with_liquid():
    one = liquid(Scene(target=TargetSpec(volume_ml=100.0)))
    particle = one.gauge.places.particle
    assert one.gauge.places[TARGET] == pytest.approx(100e-6, abs=particle / 2)
    assert one.pour_state(0).poured_volume == 0.0


@installed
@pytest.mark.parametrize("name", ["beaker", "milk_jug"])
def test_a_swinging_vessel_does_not_leak(name):
    one = liquid(Scene(source=SourceSpec(vessel=name, volume_ml=200.0, grasp_height=0.05)), 200)
    for angle in 0.4 * np.sin(np.linspace(0.0, 2 * np.pi, 240)):
        one.step(VesselPose(HELD.mouth, np.array([0.0, np.sin(angle), np.cos(angle)])), 0.005)
    assert one.gauge.places.count(SOURCE) == 200

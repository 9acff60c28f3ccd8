import numpy as np
import pytest

from multigen_core.arm import Arm
from multigen_core.world.catalogue import vessel
from multigen_core.world.scene import Scene, SourceSpec, TargetSpec
from multigen_sim.mujoco.simulator import MujocoSimulator
from multigen_sim.views.hearing import CALIBRATION, HEIGHT, PIXEL, WIDTH, HearingView
from multigen_sim.views.visible_liquid import Parcels, VisibleLiquid

ARM = Arm.load()


@pytest.fixture(scope="module")
def simulator():
    sim = MujocoSimulator(ARM)
    yield sim
    sim.close()


def drawn(sim, scene):
    sim.reset(scene, 0)
    return sim.render("cutaway").rgb


def level_in(sim, picture, scene):
    """The target's level [m] read from the picture: where the axis's column turns from air to
    liquid."""
    target = scene.target.vessel
    matrix = CALIBRATION.matrix
    column = picture[:, round(matrix[0, 2])].astype(float)
    air, liquid = column[5], column[round(matrix[1, 2] - (target.floor + 0.008) / PIXEL)]
    part = (column - air) @ (liquid - air) / ((liquid - air) @ (liquid - air))
    foot_row = matrix[1, 2]
    top = round(foot_row - (target.rim_height + 0.01) / PIXEL)
    bottom = round(foot_row - (target.floor + 0.008) / PIXEL)
    wet = np.clip(part[top:bottom], 0, 1).sum() * PIXEL
    return wet + (foot_row + 0.5 - bottom) * PIXEL - target.floor


def test_size_stamp_and_frame(simulator):
    simulator.reset(Scene(), 0)
    simulator.step(20)
    frame = simulator.render("cutaway")
    assert frame.rgb.shape == (HEIGHT, WIDTH, 3)
    assert frame.rgb.dtype == np.uint8
    assert (frame.stamp, frame.frame_id) == (20_000_000, "audio_view_optical_frame")


@pytest.mark.parametrize("name", ["straight_glass", "steel_cup", "thermos", "mug"])
@pytest.mark.parametrize("volume", [120.0, 123.0, 200.3, 301.0])
def test_level_can_be_read_to_a_third_of_a_millimetre_through_any_wall(simulator, name, volume):
    scene = Scene(target=TargetSpec(vessel=name, volume_ml=volume))
    picture = drawn(simulator, scene)
    true = float(vessel(name).level(volume * 1e-6))
    assert level_in(simulator, picture, scene) == pytest.approx(true, abs=0.33e-3)


def test_a_tenth_of_a_millimetre_of_level_changes_the_picture(simulator):
    area = np.pi * 0.035**2
    first, second = (
        drawn(simulator, Scene(target=TargetSpec(volume_ml=150 + extra))).astype(int)
        for extra in (0.0, area * 1e-4 * 1e6)
    )
    assert np.abs(first - second).max() >= 2


def test_wall_shows_its_material(simulator):
    row = HEIGHT - 30
    colours = set()
    for name in ("straight_glass", "mug", "plastic_tumbler", "steel_cup", "paper_cup", "can"):
        picture = drawn(simulator, Scene(target=TargetSpec(vessel=name)))
        side = picture[row, WIDTH // 2 :].astype(int)
        strongest = side[np.abs(side - side[39]).sum(axis=1).argmax()]
        colours.add(tuple(strongest // 16))
    assert len(colours) == 6


def test_source_liquid_shows_its_volume(simulator):
    wet = []
    for volume in (100.0, 200.0, 400.0):
        picture = drawn(simulator, Scene(source=SourceSpec(volume_ml=volume)))[:, : WIDTH // 2]
        liquid = picture[..., 2].astype(int) - picture[..., 0] > 60
        wet.append(liquid.sum())
    assert wet[1] - wet[0] == pytest.approx((wet[2] - wet[1]) / 2, rel=0.1)


def test_stream_appears_only_while_pouring(simulator):
    scene = Scene()
    simulator.reset(scene, 0)
    calm = simulator.render("cutaway").rgb.astype(int)
    path = simulator_path(scene)
    for tick in range(320):
        tilt = min(0.45 * 0.01 * tick, 1.3)
        simulator.command(path.at(tilt), path.slope(tilt) * 0.45)
        simulator.step(10)
    pouring = simulator.render("cutaway").rgb.astype(int)
    rim = HEIGHT - 6 - round(0.122 / PIXEL)
    air = np.s_[rim - 15 : rim, WIDTH // 2 + 5 : WIDTH - 5]
    assert simulator.state().liquid.outflow_rate > 1e-5
    assert np.abs(calm[air] - calm[air][0, 0]).max() == 0
    assert np.abs(pouring[air] - calm[air]).max() > 40


def simulator_path(scene):
    from multigen_core.station import Station, Told
    from multigen_core.station.pour_path import plan_pour

    return plan_pour(Station.of(scene, ARM, Told.TARGET))


def test_particles_of_another_liquid_model_are_drawn_as_drops():
    scene = Scene()
    heights = np.array([0.20, 0.17, 0.14])
    none = np.zeros(3)
    particles = Parcels(
        points=np.column_stack([none, none, heights]),
        launch=np.zeros((3, 3)),
        born=none,
        fallen=0.2 - heights,
        rate=none,
        volume=np.full(3, 1e-7),
        drop=np.ones(3, bool),
    )
    seen = VisibleLiquid(
        time=1.0,
        source=scene.source.vessel,
        target=scene.target.vessel,
        liquid=scene.liquid,
        target_position=np.zeros(3),
        tilt=1.0,
        downhill=np.array([0.0, 1.0, 0.0]),
        mouth=np.array([0.0, 0.0, 0.25]),
        lip=np.array([0.0, 0.0, 0.22]),
        source_volume=1e-4,
        source_head=0.0,
        source_slope=0.0,
        target_level=0.04,
        target_slope=0.0,
        stream_width=0.0,
        parcels=particles,
        inflow_rate=0.0,
        impact_speed=0.0,
        impact_point=(0.0, 0.0),
        spilled_volume=0.0,
        puddle=np.zeros(2),
    )
    picture = HearingView(scene).render(seen).astype(int)
    column, foot_row = (round(value) for value in CALIBRATION.matrix[:2, 2])
    air = picture[5, column]
    for height in heights:
        assert np.abs(picture[round(foot_row - height / PIXEL), column] - air).sum() > 60

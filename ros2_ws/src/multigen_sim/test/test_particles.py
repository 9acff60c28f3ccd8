import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from multigen_core.errors import MultigenError
from multigen_core.world.catalogue import liquid, vessel
from multigen_core.world.tilted_volume import tilted_volume
from multigen_sim.liquid.ledger import AIR, SOURCE, SPILLED, TARGET, Place
from multigen_sim.liquid.vessel_pose import VesselPose
from multigen_sim.particles.appearance import visible_liquid
from multigen_sim.particles.filling import fill
from multigen_sim.particles.liquid_state import ParticleGauge
from multigen_sim.particles.volumes import Cavities, in_cavity

BEAKER, GLASS = vessel("beaker"), vessel("straight_glass")
SPACING = 0.005
PARTICLE = SPACING**3
FOOT = np.array([0.65, 0.12, 0.0])
UP = np.array([0.0, 0.0, 1.0])
TARGET_POSE = VesselPose(FOOT + GLASS.rim_height * UP, UP)
SOURCE_POSE = VesselPose(np.array([0.65, 0.05, 0.5]), UP)
CAVITIES = Cavities(BEAKER, GLASS, TARGET_POSE, PARTICLE, SPACING / 2, SPACING)


def in_source(count=100):
    foot = SOURCE_POSE.mouth - BEAKER.rim_height * UP
    return fill(BEAKER, count, SPACING) + foot


def in_target(count=100):
    return fill(GLASS, count, SPACING) + FOOT


@settings(max_examples=15, deadline=None)
@given(tilt=st.floats(0.0, 2.0), heading=st.floats(0.0, 6.2), head=st.floats(-0.05, 0.02))
def test_a_posed_cavity_holds_what_the_analytic_table_says(tilt, heading, head):
    turn = Rotation.from_euler("ZY", [heading, tilt])
    pose = VesselPose(np.array([0.1, -0.2, 0.4]), turn.apply(UP))
    low, high = np.array([-0.04, -0.04, -0.16]), np.array([0.04, 0.04, 0.01])
    points = pose.mouth + turn.apply(np.random.default_rng(0).uniform(low, high, (100_000, 3)))
    below = points[:, 2] <= pose.lip(BEAKER.mouth_radius)[2] + head
    found = (
        np.count_nonzero(in_cavity(BEAKER, pose, points) & below)
        / len(points)
        * np.prod(high - low)
    )
    expected = float(tilted_volume(BEAKER, head, tilt))
    assert found == pytest.approx(expected, abs=6e-6)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 1000), tilt=st.floats(0.0, 2.5), bad=st.integers(0, 20))
def test_every_particle_is_in_exactly_one_place(seed, tilt, bad):
    rng = np.random.default_rng(seed)
    points = np.vstack([in_source(), in_target(), FOOT + rng.uniform(-0.3, 0.5, (200, 3))])
    points[rng.integers(0, len(points), bad)] = np.nan
    axis = np.array([0.0, np.sin(tilt), np.cos(tilt)])
    places = CAVITIES.places(VesselPose(SOURCE_POSE.mouth, axis), points)
    assert sum(places.count(place) for place in Place) == len(points)
    assert sum(places[place] for place in Place) == pytest.approx(places.total, rel=1e-14)


def test_particles_are_sorted_by_where_they_are():
    points = np.vstack(
        [
            in_source(30),
            in_target(20),
            np.add(FOOT, [[0.0, 0.2, 0.001], [0.2, 0.0, -0.4]]),
            np.add(FOOT, [[0.0, 0.0, 0.3], [0.0, 0.045, 0.05]]),
        ]
    )
    places = CAVITIES.places(SOURCE_POSE, points)
    assert [places.count(place) for place in (SOURCE, TARGET, SPILLED, AIR)] == [30, 20, 2, 2]


@pytest.mark.parametrize("count", [50, 1000, 2600])
def test_a_filling_lies_in_the_vessel(count):
    points = fill(BEAKER, count, SPACING)
    assert len(points) == count
    upright = VesselPose(BEAKER.rim_height * UP, UP)
    assert in_cavity(BEAKER, upright, points).all()
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)[~np.eye(count, dtype=bool)]
    assert apart.min() >= 0.8 * SPACING


def test_more_than_the_brim_is_refused():
    with pytest.raises(MultigenError, match=r"9000 particles .* do not fit into beaker"):
        fill(BEAKER, 9000, SPACING)


def falling(count, duration=1.2, step=0.01):
    """`count` particles leave the source's lip one after the other and stay where they land."""
    start = in_source(400)
    gauge = ParticleGauge(CAVITIES, liquid("water"), SOURCE_POSE, start)
    surface = FOOT[2] + GLASS.floor
    lip = np.array([0.65, 0.12, 0.4])
    leaves = np.linspace(0.0, 0.6, count)
    for time in np.arange(step, duration, step):
        points, velocities = start.copy(), np.zeros_like(start)
        age = time - leaves
        out = np.flatnonzero(age > 0.0)
        points[out] = lip - 0.5 * 9.81 * age[out, None] ** 2 * UP
        velocities[out] = -9.81 * age[out, None] * UP
        down = out[points[out, 2] < surface + 0.001]
        points[down, 2], velocities[down] = surface + 0.001, 0.0
        gauge.update(step, SOURCE_POSE, points, velocities)
        yield gauge


def test_flows_integrate_to_the_volume_that_moved():
    step = 0.01
    states = [g.liquid_state(0) for g in falling(200, duration=2.0, step=step)]
    moved = 200 * PARTICLE
    assert sum(s.outflow_rate for s in states) * step == pytest.approx(moved, rel=0.01)
    assert sum(s.inflow_rate for s in states) * step == pytest.approx(moved, rel=0.01)
    assert sum(s.spill_rate for s in states) == 0.0
    assert states[-1].target_volume == pytest.approx(moved)


def test_the_impact_is_as_fast_as_the_fall():
    states = [gauge.liquid_state(0) for gauge in falling(200)]
    during = states[60]
    assert during.impact_speed == pytest.approx((2 * 9.81 * during.fall_height) ** 0.5, rel=0.2)
    assert 0.0 < during.jet_diameter < 0.03
    assert states[-1].impact_speed == 0.0 or states[-1].inflow_rate > 0.0


def test_particles_in_the_mouth_have_not_landed():
    *_, gauge = falling(200, duration=0.35)
    state = gauge.liquid_state(0)
    assert gauge.places.count(TARGET) > np.count_nonzero(gauge.pooled) > 0
    assert state.target_level == pytest.approx(
        GLASS.level_at(np.count_nonzero(gauge.pooled) * PARTICLE)
    )
    assert state.air_column == pytest.approx(GLASS.height - state.target_level)


def test_a_leaning_pool_sloshes():
    points = in_target(1500)
    level = ParticleGauge(CAVITIES, liquid("water"), SOURCE_POSE, points)
    assert level.liquid_state(0).slosh_amplitude < 0.002
    centre = FOOT[:2]
    slope = 0.2
    height = points[:, 2] - GLASS.floor
    depth = height.max()
    leaning = points[height < depth / 2 + slope * (points[:, 1] - centre[1])]
    tilted = ParticleGauge(CAVITIES, liquid("water"), SOURCE_POSE, leaning)
    assert tilted.target_slope[1] == pytest.approx(slope, rel=0.25)
    assert abs(tilted.target_slope[0]) < 0.05


def test_the_rim_is_heard_once_per_particle():
    start = in_source(10)
    gauge = ParticleGauge(CAVITIES, liquid("water"), SOURCE_POSE, start)
    struck = start.copy()
    beside = [0.0, GLASS.mouth_radius + GLASS.wall / 2, 0.001]
    struck[0] = TARGET_POSE.mouth + beside
    heard = 0.0
    for _ in range(100):
        gauge.update(0.01, SOURCE_POSE, struck, np.zeros_like(start))
        heard += 0.01 * gauge.liquid_state(0).rim_rate
    assert heard == pytest.approx(PARTICLE, rel=0.01)


def test_views_get_a_stream_from_lip_to_surface():
    *_, gauge = falling(200, duration=0.45)
    seen = visible_liquid(gauge)
    stream = ~seen.parcels.drop
    assert np.count_nonzero(stream) > 5
    assert (np.diff(seen.parcels.points[stream, 2]) < 0.0).all()
    assert seen.parcels.volume.sum() <= gauge.places[AIR] + gauge.places[TARGET]
    assert seen.source_volume == gauge.places[SOURCE]
    assert seen.source_head < 0.0


def test_a_thin_stream_is_not_torn():
    """Views tear a stream at gaps of 15 ms; 57 particles a second, 20 ml/s, leave longer ones."""
    *_, gauge = falling(34, duration=0.45)
    stream = visible_liquid(gauge).parcels
    born = stream.born[~stream.drop]
    assert len(born) > 10
    assert np.abs(np.diff(born)).max() < 0.015
    rate = stream.rate[~stream.drop]
    assert np.median(rate) == pytest.approx(34 * PARTICLE / 0.6, rel=0.3)


def test_a_still_world_shows_no_stream():
    gauge = ParticleGauge(CAVITIES, liquid("water"), SOURCE_POSE, in_source())
    assert len(visible_liquid(gauge).parcels.points) == 0

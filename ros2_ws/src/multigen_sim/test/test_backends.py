"""What every simulator backend must do, whatever its physics."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from multigen_core.arm import Arm
from multigen_core.arm.kinematics import UnreachableError
from multigen_core.errors import MultigenError
from multigen_core.plugins import plugin_names
from multigen_core.simulator import GROUP, Simulator, WorldState, make_simulator
from multigen_core.station import Station, Told
from multigen_core.station.pour_path import plan_pour
from multigen_core.world.acoustics import Resonator
from multigen_core.world.scene import Scene, TargetSpec
from multigen_core.world.wetting import GRAVITY
from multigen_sim.newton.backend import missing
from multigen_sim.newton.settings import PARTICLES
from multigen_sim.views.hearing import HEIGHT, WIDTH

from .isaac_machine import IsaacMachine

ARM = Arm.load()
SCENE = Scene()
START = SCENE.source.volume_ml * 1e-6
PATH = plan_pour(Station.of(SCENE, ARM, Told.TARGET))
TICK = 0.01
RATE, TILT, DURATION = 0.6, 1.3, 4.0


@dataclass(frozen=True)
class Backend:
    """How to make one here, or why that is `impossible`.

    `repeats`: the same seed gives the same states; a backend that does not promise that says so
    here and in docs/backends.md. `flows`: the liquid is the backend's, not that of a fake, whose
    flow would show nothing.
    """

    make: Callable[[Arm], Simulator]
    impossible: str = ""
    repeats: bool = True
    flows: bool = True
    environment: dict[str, str] = field(default_factory=dict)


FOLDER = TemporaryDirectory()
"""A virtual machine with a fake of Isaac Sim, which never ran this suite itself."""
BACKENDS = {
    "mujoco": Backend(partial(make_simulator, "mujoco")),
    "newton": Backend(
        partial(make_simulator, "newton"),
        f"no {missing()}: scripts/setup.sh --newton" if missing() else "",
        environment={PARTICLES: "300"},
    ),
    "isaac": Backend(
        partial(make_simulator, "isaac"),
        "" if find_spec("pxr") else "no usd-core for the fake of Isaac Sim",
        environment=IsaacMachine(FOLDER.name, particles=100).environment,
        repeats=False,
        flows=False,
    ),
}


def test_every_registered_backend_is_examined_here():
    assert set(plugin_names(GROUP)) <= set(BACKENDS)


@pytest.fixture(scope="module", params=BACKENDS)
def backend(request):
    chosen = BACKENDS[request.param]
    if chosen.impossible:
        pytest.skip(chosen.impossible)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in chosen.environment.items():
            patch.setenv(name, value)
        yield chosen


@pytest.fixture(scope="module")
def simulator(backend):
    made = backend.make(ARM)
    yield made
    made.close()


def drive(simulator: Simulator, seconds: float) -> list[WorldState]:
    """States every TICK while the vessel tilts to TILT."""
    states = []
    for tick in range(round(seconds / TICK)):
        now = min(RATE * TICK * tick, TILT)
        simulator.command(PATH.at(now), PATH.slope(now) * (RATE if now < TILT else 0.0))
        simulator.step(round(TICK / simulator.timestep))
        states.append(simulator.state())
    return states


@dataclass(frozen=True)
class Pour:
    before: WorldState
    states: list[WorldState]
    pictures: dict[str, list[np.ndarray]]


@pytest.fixture(scope="module")
def pour(simulator):
    """One pour, with an image of each view before and after it."""
    simulator.reset(SCENE, 0)
    before = simulator.state()
    first = {view: simulator.render(view).rgb for view in ("public", "cutaway")}
    states = drive(simulator, DURATION)
    pictures = {view: [image, simulator.render(view).rgb] for view, image in first.items()}
    return Pour(before, states, pictures)


def values(state: WorldState) -> np.ndarray:
    liquid = state.liquid
    return np.array(
        [*state.joints.positions, liquid.source_volume, liquid.target_volume, liquid.outflow_rate]
    )


def test_a_reset_starts_the_scene_at_time_zero(pour):
    state = pour.before
    assert {state.joints.stamp, state.pour.stamp, state.liquid.stamp} == {0}
    assert state.joints.names == ARM.reported_names
    assert state.liquid.source_tilt == pytest.approx(0.0, abs=0.01)
    assert state.pour.source_volume == pytest.approx(START, rel=1e-9)
    assert state.pour.poured_volume == state.pour.spilled_volume == 0.0
    assert state.collisions == ()


def test_a_reset_ends_what_was_going_on(pour, simulator):
    drive(simulator, 0.05)
    simulator.reset(SCENE, 1)
    state = simulator.state()
    assert state.joints.stamp == 0
    assert state.pour.source_volume == pytest.approx(START, rel=1e-9)
    assert state.liquid.inflow_rate == state.liquid.outflow_rate == 0.0


def test_the_same_seed_gives_the_same_states(pour, backend, simulator):
    if not backend.repeats:
        pytest.skip("this backend does not promise it")
    simulator.reset(SCENE, 0)
    again = drive(simulator, 0.5)
    first = pour.states[: len(again)]
    assert all(map(np.array_equal, map(values, first), map(values, again)))


def test_no_liquid_is_made_or_lost(pour):
    for state in pour.states:
        places = (
            state.pour.source_volume, state.pour.poured_volume, state.pour.spilled_volume,
            state.liquid.airborne_volume,
        )  # fmt: skip
        assert min(places[0], *places[2:]) >= 0.0
        assert sum(places) == pytest.approx(START, rel=1e-9)
        assert state.liquid.source_volume == state.pour.source_volume


def test_steps_advance_time_exactly_and_a_state_stays_until_the_next(simulator, pour):
    simulator.reset(SCENE, 0)
    simulator.step(7)
    state = simulator.state()
    assert state.joints.stamp == round(7 * simulator.timestep * 1e9)
    assert simulator.state() is state
    simulator.step()
    assert simulator.state().joints.stamp == round(8 * simulator.timestep * 1e9)


@pytest.fixture
def flowing(backend):
    """Skips a test of the flow where the liquid is a fake's."""
    if not backend.flows:
        pytest.skip("Isaac Sim is a fake here: how its liquid flows was never seen by us")


def test_most_of_what_leaves_lands_in_the_target(flowing, pour):
    end = pour.states[-1].pour
    assert end.poured_volume > 0.2 * START
    assert end.spilled_volume < 0.1 * end.poured_volume
    assert end.poured_mass == pytest.approx(SCENE.liquid.density * end.poured_volume)


def test_joints_follow_their_goals(pour):
    goal = PATH.at(TILT)
    count = len(ARM.joints)
    assert pour.states[-1].joints.positions[:count] == pytest.approx(goal, abs=0.01)
    assert np.abs(pour.states[-1].joints.velocities[:count]).max() < 0.02
    assert pour.states[-1].liquid.source_tilt == pytest.approx(TILT, abs=0.02)


def test_levels_air_and_pitch_agree(pour):
    target = SCENE.target.vessel
    for state in (pour.before, *pour.states[::20]):
        liquid = state.liquid
        assert liquid.target_level + liquid.air_column == pytest.approx(target.height)
        pitch = float(Resonator(target).frequency(liquid.target_level))
        assert liquid.resonance_frequency == pytest.approx(pitch, rel=0.01)
    settled = pour.states[-1].liquid
    most = target.level_at(settled.target_volume)
    assert 0.8 * most <= settled.target_level <= most + 1e-9


def test_flows_integrate_to_the_volumes_that_moved(pour):
    liquids = [state.liquid for state in pour.states]
    end = liquids[-1]
    out = sum(liquid.outflow_rate for liquid in liquids) * TICK
    arrived = sum(liquid.inflow_rate for liquid in liquids) * TICK
    assert out == pytest.approx(START - end.source_volume, rel=0.1)
    assert arrived == pytest.approx(end.target_volume, rel=0.1)
    assert min(min(q.inflow_rate, q.rim_rate, q.spill_rate) for q in liquids) >= 0.0


def test_the_stream_falls_as_far_as_it_says(flowing, pour):
    streams = [s.liquid for s in pour.states if s.liquid.inflow_rate > 5e-6]
    assert len(streams) > 20
    for liquid in streams[10::10]:
        free_fall = (2 * GRAVITY * liquid.fall_height) ** 0.5
        assert 0.8 * free_fall < liquid.impact_speed < 1.6 * free_fall
        assert 0.0 < liquid.jet_diameter < 0.04
    assert pour.before.liquid.impact_speed == pour.before.liquid.jet_diameter == 0.0


def test_images_have_the_scenes_size_and_show_the_pour(pour):
    camera = SCENE.camera
    shapes = {"public": (camera.height, camera.width, 3), "cutaway": (HEIGHT, WIDTH, 3)}
    for view, (before, after) in pour.pictures.items():
        assert before.shape == after.shape == shapes[view]
        assert before.dtype == np.uint8
        assert before.std() > 5.0
        changed = np.abs(after.astype(int) - before).max(axis=2) > 20
        assert 0.005 < changed.mean() < 0.6


def test_rendering_takes_no_time(simulator, pour):
    simulator.reset(SCENE, 0)
    simulator.step(10)
    state = simulator.state()
    frames = [simulator.render(view) for view in ("public", "cutaway")]
    assert [frame.stamp for frame in frames] == [state.joints.stamp] * 2
    assert simulator.state() is state


@pytest.mark.parametrize(
    ("positions", "message"),
    [(np.zeros(3), "has 7 joints"), (np.full(7, np.nan), "NaN or infinity")],
)
def test_impossible_commands_are_refused_and_change_nothing(simulator, pour, positions, message):
    simulator.reset(SCENE, 0)
    before = simulator.state().joints.positions
    with pytest.raises(MultigenError, match=message):
        simulator.command(positions, np.zeros_like(positions))
    simulator.step(20)
    assert simulator.state().joints.positions == pytest.approx(before, abs=1e-3)


def test_an_unreachable_target_is_refused_and_the_next_scene_works(simulator, pour):
    with pytest.raises(UnreachableError):
        simulator.reset(Scene(target=TargetSpec(position=(2.5, 0.0, 0.0))), 0)
    simulator.reset(SCENE, 0)
    assert simulator.state().joints.stamp == 0


def test_closing_twice_is_harmless(backend):
    made = backend.make(ARM)
    made.close()
    made.close()

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from multigen_core.arm import Arm
from multigen_core.arm.kinematics import UnreachableError, forward
from multigen_core.station import HeldVessel, Station
from multigen_core.station.pour_path import (
    CLEARANCE,
    LEAD,
    MAX_TILT,
    GraspError,
    lip_in_tool,
    lip_positions,
    plan_pour,
)
from multigen_core.world.catalogue import vessel

ARM = Arm.load()
BEAKER, GLASS = vessel("beaker"), vessel("straight_glass")
GRASP, PLACE = 0.07, (0.65, 0.12, 0.0)
HELD = HeldVessel(BEAKER, GRASP)
STATION = Station(ARM, held=HELD, position=PLACE, target=GLASS)
PATH = plan_pour(STATION)


def tool(path, tilt):
    return forward(ARM, path.at(tilt))


def test_starts_upright_and_tilts_about_x_as_asked():
    for tilt in np.linspace(0.0, MAX_TILT, 47):
        axis = tool(PATH, tilt)[:3, 1]
        assert axis == pytest.approx([0.0, np.sin(tilt), np.cos(tilt)], abs=2e-4)


def test_lip_stays_at_the_pour_point_once_the_vessel_leans():
    wanted = [PLACE[0], PLACE[1] - LEAD, GLASS.rim_height + CLEARANCE]
    for tilt in np.linspace(1.0, MAX_TILT, 27):
        lip = tool(PATH, tilt) @ np.append(lip_in_tool(BEAKER, GRASP), 1.0)
        assert lip[:3] == pytest.approx(wanted, abs=1e-3)


def test_lip_follows_the_planned_positions_between_the_knots():
    tilts = np.linspace(0.0, MAX_TILT, 101)
    for tilt, wanted in zip(tilts, lip_positions(BEAKER, PLACE, tilts, GLASS), strict=True):
        lip = tool(PATH, tilt) @ np.append(lip_in_tool(BEAKER, GRASP), 1.0)
        assert lip[:3] == pytest.approx(wanted, abs=3e-4)


@pytest.mark.parametrize("source", ["beaker", "bottle", "shaker", "milk_jug"])
@pytest.mark.parametrize("target", ["bowl", "straight_glass", "carafe", "wine_glass", "tumbler"])
def test_source_touches_neither_target_nor_table(source, target):
    held, standing = vessel(source), vessel(target)
    tilts = np.linspace(0.0, MAX_TILT, 60)
    lips = lip_positions(held, PLACE, tilts, standing)
    along = np.linspace(0.0, held.rim_height, 100)
    for tilt, lip in zip(tilts, lips, strict=True):
        outward = held.outer_radius(along) - held.mouth_radius
        drop = along - held.rim_height
        y = lip[1] + outward * np.cos(tilt) + drop * np.sin(tilt)
        z = lip[2] + drop * np.cos(tilt) - outward * np.sin(tilt)
        beside = z < standing.rim_height
        gap = PLACE[1] - standing.outer_radius(np.maximum(z, 0.0)) - y
        assert z.min() > 0.0
        assert (gap[beside] > 0.0).all()


@settings(max_examples=50, deadline=None)
@given(st.floats(0.0, MAX_TILT))
@example(0.0005)
def test_tilt_is_recovered_from_joint_positions(tilt):
    assert PATH.tilt_of(PATH.at(tilt)) == pytest.approx(tilt, abs=1e-4)


def test_tilt_is_recovered_from_noisy_joint_positions():
    noise = 0.005 * np.random.default_rng(0).standard_normal(7)
    assert PATH.tilt_of(PATH.at(1.0) + noise) == pytest.approx(1.0, abs=0.02)


def test_slope_is_the_derivative_and_slow_enough_for_half_speed():
    for tilt in np.linspace(0.1, 2.2, 20):
        difference = (PATH.at(tilt + 1e-5) - PATH.at(tilt - 1e-5)) / 2e-5
        assert PATH.slope(tilt) == pytest.approx(difference, abs=1e-4)
    assert np.abs(PATH.slope(np.linspace(0, MAX_TILT, 200))).max() < 0.95


def test_tilts_beyond_the_path_are_clipped():
    assert (PATH.at(-1.0) == PATH.at(0.0)).all()
    assert (PATH.at(9.0) == PATH.at(MAX_TILT)).all()
    assert PATH.at(np.zeros(3)).shape == (3, 7)


def test_plan_is_reproducible_and_within_limits():
    again = plan_pour(STATION)
    assert (again.positions == PATH.positions).all()
    assert (PATH.positions > ARM.lower).all()
    assert (PATH.positions < ARM.upper).all()


def test_unknown_target_is_planned_for_with_an_assumed_height():
    path = plan_pour(Station(ARM, held=HELD, position=PLACE))
    lip = tool(path, 1.5) @ np.append(lip_in_tool(BEAKER, GRASP), 1.0)
    assert lip[2] == pytest.approx(0.15 + CLEARANCE, abs=1e-3)


def test_target_out_of_reach_is_refused():
    with pytest.raises(UnreachableError, match="cannot reach"):
        plan_pour(replace(STATION, position=(1.2, 0.1, 0.0)))


def test_a_vessel_wider_than_the_gripper_is_refused_by_name():
    kettle = HeldVessel(vessel("kettle"), GRASP)
    with pytest.raises(GraspError, match=r"kettle is 12\d mm wide .* gen3 opens 85 mm"):
        plan_pour(replace(STATION, held=kettle))

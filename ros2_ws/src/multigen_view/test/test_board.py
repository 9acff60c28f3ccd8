import cv2
import numpy as np
import pytest

from multigen_core import messages
from multigen_core.arm import Arm
from multigen_core.arm.kinematics import forward
from multigen_core.bags import FACTORY
from multigen_core.contract import (
    AUDIO,
    CHUNK,
    DIAGNOSTICS,
    ESTIMATE,
    IMAGE,
    JOINT_STATES,
    LIQUID_STATE,
    POUR_STATE,
    PROGRESS,
    SAMPLE_RATE,
    STOPPED,
)
from multigen_core.station import Station, Told
from multigen_core.types import (
    AudioChunk,
    CameraFrame,
    JointState,
    LiquidState,
    Outcome,
    PourEstimate,
    PourProgress,
    PourState,
    to_nanoseconds,
)
from multigen_core.world.scene import load_scene
from multigen_view.board import Board
from multigen_view.spectrogram import COLUMNS, row

ARM = Arm.load()


def at(seconds):
    return to_nanoseconds(1000.0 + seconds)


@pytest.fixture
def board(recording):
    board = Board(recording, Station.of(load_scene("default", 0), ARM, Told.TARGET))
    board.take(PROGRESS, PourProgress(at(0.0), "approach", 150e-6))
    return board


def test_volumes_are_shown_in_millilitres_at_their_time(board, shown):
    board.take(ESTIMATE, PourEstimate(at(2.0), 80e-6, 5e-6))
    board.take(POUR_STATE, PourState(at(2.5), 1e-4, 82e-6, 0.0, 0.08))
    found = shown()
    for name, time, value in (
        *(("goal", 0.0, 150.0), ("estimate", 2.0, 80.0), ("low", 2.0, 75.0), ("high", 2.0, 85.0)),
        *(("poured", 2.5, 82.0), ("spilled", 2.5, 0.0)),
    ):
        scalars = found[f"/volumes/{name}"]
        assert scalars.times("scalars") == pytest.approx([time])
        assert scalars.values("scalars") == [pytest.approx([value])]


def test_what_nobody_knows_is_not_drawn(board, shown):
    board.take(ESTIMATE, PourEstimate(at(1.0), 80e-6))
    board.take(POUR_STATE, PourState(at(1.0), float("nan"), 82e-6, float("nan"), 0.08))
    found = shown()
    assert found["/volumes/estimate"].values("scalars")
    for name in ("low", "high", "spilled"):
        assert not found[f"/volumes/{name}"].values("scalars")


def test_joints_are_found_by_name_and_shown_in_degrees(board, shown):
    names = ARM.reported_names[::-1]
    positions = np.linspace(-1.0, 1.0, len(names))
    board.take(JOINT_STATES, JointState(at(1.0), names, positions, np.zeros(len(names))))
    (angles,) = shown()["/joints"].values("scalars")
    by_name = dict(zip(names, positions, strict=True))
    assert angles == pytest.approx([np.degrees(by_name[name]) for name in ARM.names])


def test_the_drawn_arm_ends_where_the_measured_one_does(board, shown, rng):
    positions = rng.uniform(-1.5, 1.5, len(ARM.names))
    board.take(JOINT_STATES, JointState(at(1.0), ARM.names, positions, np.zeros(len(ARM.names))))
    found = shown()
    tool = forward(ARM, positions)
    assert found["/world/tool"].values("translation")[0][0] == pytest.approx(tool[:3, 3], abs=1e-5)
    arm = found["/world/arm"]
    (starts,), (lengths,) = arm.values("translations"), arm.values("lengths")
    (turns,) = arm.values("quaternions")
    x, y, z, w = turns[-1]
    along = np.array([2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)])
    end = np.array(starts[-1]) + lengths[-1] * along
    assert end == pytest.approx(tool[:3, 3], abs=1e-4)


def test_the_simulated_liquid_rises_in_the_target(board, shown):
    for second, level in ((1.0, 0.01), (2.0, 0.01), (3.0, 0.06)):
        board.take(LIQUID_STATE, LiquidState(at(second), "a", "b", "water", target_level=level))
    meshes = shown()["/world/target/liquid"].values("vertex_positions")
    tops = [max(point[2] for point in mesh) for mesh in meshes]
    assert len(tops) == 2, "an unchanged level is not drawn again"
    assert tops[1] - tops[0] == pytest.approx(0.05, abs=1e-3)


def test_a_large_picture_is_thinned_out_and_keeps_its_colours(board, shown):
    rgb = np.zeros((720, 1280, 3), np.uint8)
    rgb[..., 0] = 250
    board.take(IMAGE, CameraFrame(at(1.0), rgb, "camera"))
    (blob,) = shown()["/camera"].values("blob")
    picture = cv2.imdecode(np.array(blob[0], np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape[1] <= 480
    assert picture.shape[1] / picture.shape[0] == pytest.approx(16 / 9, rel=0.01)
    assert picture[50, 50].astype(int) == pytest.approx([0, 0, 250], abs=6)


def test_the_resonance_heard_is_drawn_on_the_sound_at_its_time(board, shown, rng):
    for index in range(200):
        stamp = at(index * CHUNK / SAMPLE_RATE)
        samples = rng.normal(0.0, 0.1, CHUNK).astype(np.float32)
        board.take(AUDIO, AudioChunk(stamp, samples, SAMPLE_RATE))
        if index % 5 == 0:
            board.take(ESTIMATE, PourEstimate(stamp, 1e-5, 1e-6, 800.0 if index > 100 else np.nan))
    strips = shown()["/sound/heard_resonance"].values("strips")
    (line,) = strips[-1]
    assert [y for _, y in line] == pytest.approx([row(np.array(800.0))] * len(line), abs=0.01)
    assert line[-1][0] == pytest.approx(COLUMNS, abs=12)
    assert line[-1][0] - line[0][0] == pytest.approx(1.8 * SAMPLE_RATE / 256, rel=0.02)


def status(name, level, message):
    kind = "diagnostic_msgs/msg/DiagnosticStatus"
    return FACTORY.new(kind, name=name, level=level, message=message)


def diagnostics(seconds, *statuses):
    header = messages.header(at(seconds), "", FACTORY)
    return FACTORY.new(DIAGNOSTICS.type, header=header, status=list(statuses))


def test_the_guards_state_changes_with_its_diagnostics_and_the_emergency_stop(board, shown):
    board.take(DIAGNOSTICS, diagnostics(1.0, status("/arm_guard", 0, "guarding")))
    board.take(DIAGNOSTICS, diagnostics(2.0, status("/arm_guard", 1, "retreat")))
    board.take(DIAGNOSTICS, diagnostics(3.0, status("/policy", 2, "deaf")))
    board.take(STOPPED, True)
    board.take(PROGRESS, PourProgress(at(4.0), "pour", 150e-6, outcome=Outcome.ABORTED))
    board.take(STOPPED, False)
    found = shown()
    guard = found["/states/guard"]
    assert guard.values("state") == [["ok"], ["warning"], ["stopped"], ["warning"]]
    assert guard.times("state") == pytest.approx([1.0, 2.0, 3.0, 4.0])
    assert found["/states/pour"].values("state") == [["approach"], ["aborted"]]
    assert "| policy | **error** | deaf |" in found["/nodes"].values("text")[-1][0]


def test_a_latched_message_before_the_first_stamp_is_not_lost(recording, shown):
    board = Board(recording, Station.of(load_scene("default", 0), ARM, Told.TARGET))
    board.take(STOPPED, True)
    board.take(POUR_STATE, PourState(at(0.0), 1e-4, 0.0, 0.0, 0.0))
    assert shown()["/states/guard"].values("state") == [["stopped"]]

import numpy as np
import pytest

from multigen_core.arm import JointNameError
from multigen_core.policy import Sense
from multigen_core.rollout.observer import Observer, StaleError
from multigen_core.types import AudioChunk, CameraFrame, JointState, to_nanoseconds

BOTH = frozenset({Sense.IMAGE, Sense.AUDIO})
SECOND = 1_000_000_000


def observer(arm, senses=BOTH):
    return Observer(arm.names, senses, max_age=0.5)


def image(stamp):
    return CameraFrame(stamp, np.zeros((2, 2, 3), np.uint8), "camera")


def sound(start, seconds, value=0.5):
    return AudioChunk(start, np.full(round(16_000 * seconds), value, np.float32), 16_000)


def test_observes_at_the_newest_moment_all_live_senses_reach(arm, joints):
    eye = observer(arm)
    eye.add_audio(sound(0, 2.0))
    for hundredth in range(210):
        eye.add_joints(joints(hundredth * 10_000_000))
    for stamp in (1.80, 1.90, 2.05):
        eye.add_image(image(to_nanoseconds(stamp)))
    seen = eye.observe(to_nanoseconds(2.1))
    assert seen.stamp == 2 * SECOND
    assert seen.image.stamp == to_nanoseconds(1.90)
    assert seen.joints.stamp == 2 * SECOND
    (piece,) = seen.audio
    assert piece.end == 2 * SECOND
    assert len(piece.samples) == 16_000, "the first looks back by a second"
    assert seen.alive == BOTH


def test_a_dead_sense_is_masked_and_does_not_hold_back_the_others(arm, joints):
    eye = observer(arm)
    eye.add_image(image(0))
    eye.add_audio(sound(0, 2.0))
    eye.add_joints(joints(2 * SECOND))
    seen = eye.observe(2 * SECOND)
    assert seen.alive == {Sense.AUDIO}
    assert seen.image is None
    assert seen.stamp == 2 * SECOND


def test_refuses_without_fresh_joints(arm, joints):
    eye = observer(arm)
    eye.add_image(image(2 * SECOND))
    eye.add_joints(joints(SECOND))
    with pytest.raises(StaleError, match=r"joints 1\.00 s old.*audio never received"):
        eye.observe(2 * SECOND)


def test_refuses_when_every_sense_is_dead(arm, joints):
    eye = observer(arm)
    eye.add_joints(joints(2 * SECOND))
    with pytest.raises(StaleError, match="image never received"):
        eye.observe(2 * SECOND)


def test_a_policy_without_senses_needs_only_joints(arm, joints):
    eye = observer(arm, frozenset())
    eye.add_joints(joints(SECOND))
    assert eye.observe(SECOND).alive == frozenset()


def test_joints_are_matched_by_name(arm, joints):
    eye = observer(arm, frozenset())
    state = joints(SECOND)
    order = [3, 1, 0, 2, 6, 5, 4]
    names = (*(arm.names[i] for i in order), "gripper")
    values = np.append(state.positions[order], 0.4)
    eye.add_joints(JointState(SECOND, names, values, np.zeros(8)))
    np.testing.assert_array_equal(eye.observe(SECOND).joints.positions, state.positions)


def test_a_missing_joint_is_named(arm):
    state = JointState(0, arm.names[:-1], np.zeros(6), np.zeros(6))
    with pytest.raises(JointNameError, match="joint_7"):
        observer(arm).add_joints(state)


def test_a_clock_jump_back_starts_anew(arm, joints):
    eye = observer(arm, frozenset())
    eye.add_joints(joints(10 * SECOND))
    eye.add_joints(joints(SECOND))
    assert eye.observe(SECOND).stamp == SECOND


def test_sound_in_a_format_that_is_not_understood_is_not_used_and_named(arm, joints):
    ear = observer(arm, frozenset({Sense.AUDIO}))
    ear.add_audio(sound(0, 2.0))
    ear.add_joints(joints(2 * SECOND))
    ear.judge_audio("sample_rate 44100")
    with pytest.raises(StaleError, match=r"inputs lost \(sample_rate 44100;"):
        ear.observe(2 * SECOND)
    ear.judge_audio()
    assert ear.observe(2 * SECOND).audio


def test_other_senses_go_on_without_such_sound(arm, joints):
    both = observer(arm)
    both.add_audio(sound(0, 2.0))
    both.add_joints(joints(2 * SECOND))
    both.add_image(image(2 * SECOND))
    both.judge_audio("2 channels")
    assert both.observe(2 * SECOND).alive == frozenset({Sense.IMAGE})


def test_each_observation_holds_the_sound_since_the_last_and_names_what_is_lost(arm, joints):
    ear = observer(arm, frozenset({Sense.AUDIO}))
    ear.add_joints(joints(SECOND))
    ear.add_audio(sound(0, 1.0))
    ear.observe(SECOND)
    assert ear.observe(SECOND).audio == ()
    ear.add_audio(sound(SECOND, 0.1, 1.0))
    ear.add_audio(sound(to_nanoseconds(1.3), 0.1, 2.0))
    ear.add_joints(joints(to_nanoseconds(1.4)))
    heard = ear.observe(to_nanoseconds(1.4)).audio
    assert [(piece.stamp, piece.end) for piece in heard] == [
        (SECOND, to_nanoseconds(1.1)),
        (to_nanoseconds(1.3), to_nanoseconds(1.4)),
    ]
    assert [set(piece.samples) for piece in heard] == [{1.0}, {2.0}]


def test_a_pour_begins_with_a_second_of_what_was_before(arm, joints):
    ear = observer(arm, frozenset({Sense.AUDIO}))
    ear.add_joints(joints(3 * SECOND))
    ear.add_audio(sound(0, 3.0))
    ear.observe(3 * SECOND)
    ear.begin()
    (piece,) = ear.observe(3 * SECOND).audio
    assert (piece.stamp, piece.end) == (2 * SECOND, 3 * SECOND)

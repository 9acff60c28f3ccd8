import numpy as np
import pytest

from multigen_robot.microphone.channels import Channels

RATE = 16000


def noise(level=0.05, seconds=1.0, seed=0):
    rng = np.random.default_rng(seed)
    return (level * rng.standard_normal(round(seconds * RATE))).clip(-1, 1)


def heard(*columns, channel=0):
    """What is mixed of such channels, and what is wrong with them."""
    channels = Channels(RATE, channel)
    parts = np.array_split(np.column_stack(columns).astype(np.float32), 50)
    return np.concatenate([channels.mix(part) for part in parts]), channels.fault


def test_one_channel_passes_as_it_is():
    sound, fault = heard(noise())
    np.testing.assert_array_equal(sound, noise().astype(np.float32))
    assert fault == ""


def test_several_channels_are_mixed_to_their_mean():
    sound, fault = heard(noise(), noise(seed=1))
    np.testing.assert_allclose(sound, (noise() + noise(seed=1)) / 2, atol=1e-6)
    assert fault == ""


def test_a_channel_is_counted_from_one():
    sound, _ = heard(noise(), noise(seed=1), channel=2)
    np.testing.assert_array_equal(sound, noise(seed=1).astype(np.float32))


@pytest.mark.parametrize(
    ("columns", "fault"),
    [
        ((noise(), 0 * noise()), "channel 2 is silent, others not; choose channel:=1"),
        (
            (0 * noise(), noise(), 0 * noise()),
            "channels 1, 3 are silent, others not; choose channel:=2",
        ),
        (
            (noise(3.0), noise()),
            "channel 1 is clipping, others not; turn the gain down, or choose channel:=2",
        ),
        (
            (noise(), -noise()),
            "channels 1 and 2 are in antiphase and cancel each other; choose channel:=1",
        ),
        (
            (noise(), -0.5 * noise() + noise(0.002, seed=2)),
            "channels 1 and 2 are in antiphase and cancel each other; choose channel:=1",
        ),
    ],
)
def test_a_channel_that_spoils_the_mean_is_named(columns, fault):
    assert heard(*columns)[1] == fault


@pytest.mark.parametrize(
    "columns",
    [
        (noise(), noise(seed=1)),
        (noise(), 0.2 * noise()),
        (0 * noise(), 0 * noise()),
        (noise(3.0), noise(3.0, seed=1)),
        (noise(2e-4), -noise(2e-4)),
    ],
)
def test_channels_that_fit_each_other_are_not(columns):
    assert heard(*columns)[1] == ""


def test_of_a_chosen_channel_only_its_own_faults_are_told():
    assert heard(noise(), -noise(), channel=1)[1] == ""
    assert heard(noise(), 0 * noise(), channel=1)[1] == ""
    assert "channel 2 is silent" in heard(noise(), 0 * noise(), channel=2)[1]
    assert "channel 1 is clipping" in heard(noise(3.0), noise(), channel=1)[1]


def test_a_fault_is_forgotten_when_it_is_over():
    channels = Channels(RATE)
    channels.mix(np.column_stack([noise(), 0 * noise()]).astype(np.float32))
    assert channels.fault
    channels.mix(np.column_stack([noise(), noise(seed=1)]).astype(np.float32))
    assert channels.fault == ""

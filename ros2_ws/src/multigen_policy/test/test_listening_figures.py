from pathlib import Path

import numpy as np
import pytest

from multigen_core.world.recordings import Recording
from multigen_policy.listening.benchmark import CLOCKS, CONSTANT, LISTENERS, Heard, with_clocks
from multigen_policy.listening.figures import air_column_error, figures, trigger
from multigen_policy.listening.protocols import Protocol
from multigen_policy.listening.shapes import cone
from multigen_policy.listening.spectrum import PERIOD


def heard(container, truth, fill=None, duration=10.0, clip="a", shape="cylindrical"):
    truth = np.asarray(truth, float)
    fill = truth if fill is None else np.asarray(fill, float)
    recording = Recording(
        clip, container, shape, "glass", (), cone(0.03, 0.03, 0.1), Path(clip), duration
    )
    told = dict.fromkeys(LISTENERS, fill)
    return Heard(recording, Protocol.WARP, truth, told, dict.fromkeys(LISTENERS, 0.1 + 0 * fill))


RAMP = np.linspace(0, 1, 501)


def test_clocks_know_nothing_of_the_vessel_they_are_asked_about():
    own = heard("mug", RAMP, duration=100.0)
    others = [heard(name, RAMP, duration=10.0) for name in ("cup", "jar")]
    guess = with_clocks([own, *others])[0]
    np.testing.assert_allclose(guess[CLOCKS[0]], np.minimum(own.elapsed / 10.0, 1))
    np.testing.assert_allclose(guess[CONSTANT], 0.5)


def test_the_fitted_clock_recovers_a_line():
    others = [heard(name, 0.2 + 0.05 * PERIOD * np.arange(500)) for name in ("cup", "jar", "mug")]
    guess = with_clocks(others)[0]
    np.testing.assert_allclose(guess[CLOCKS[1]], others[0].truth, atol=1e-6)


@pytest.mark.parametrize(
    ("lead", "expected"), [(0.0, "window"), (0.3, "early"), (-0.3, "never"), (0.09, "window")]
)
def test_triggers_are_told_apart(lead, expected):
    assert trigger(np.clip(RAMP + lead, 0, 1), RAMP) == expected


def test_a_fill_error_is_an_air_column_in_a_cylinder():
    item = heard("cup", RAMP)
    assert air_column_error(item, np.clip(RAMP + 0.1, 0, 2)) == pytest.approx(0.0095, abs=0.0006)


def test_every_vessel_counts_alike_however_many_clips_it_has():
    items = [heard("often", RAMP, RAMP + 0.1, clip=str(i)) for i in range(9)]
    items.append(heard("once", RAMP, RAMP + 0.3))
    error = figures(items)["warp"]["methods"][LISTENERS[0]]["fill_error"]
    assert error.value == pytest.approx(0.2)
    assert error.count == 2


def test_a_listener_that_errs_less_than_the_clock_gains_on_it():
    items = [heard(name, RAMP**2, RAMP**2 + 0.01) for name in "abcdef"]
    document = figures(items)["warp"]
    gain = document["gains"][f"{LISTENERS[0]} over {CLOCKS[0]}"]
    assert gain.low > 0
    assert document["methods"][LISTENERS[0]]["within_one_sigma"].value == 1.0


def test_excerpts_that_end_before_the_window_ask_for_no_trigger():
    items = [heard("cup", RAMP[:200]), heard("jar", RAMP[:200])]
    methods = figures(items)["warp"]["methods"]
    assert methods[LISTENERS[0]]["trigger_never"].count == 0
    assert methods[LISTENERS[0]]["trigger_early"].value == 0.0

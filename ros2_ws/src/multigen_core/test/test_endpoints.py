"""Skipping messages that come faster than they are used."""

import numpy as np
import pytest

from multigen_core import contract
from multigen_core.ros.endpoints import publisher, subscribe
from multigen_core.types import JointState


@pytest.mark.parametrize(
    ("stamps", "taken"),
    [
        (range(10**9, 10**9 + 40_000_000, 1_000_000), 10),
        (range(10**9, 10**9 + 100_000_000, 10_000_000), 10),
        ([0] * 10, 10),
        ([5 * 10**9, 10**9], 2),
    ],
    ids=["1 kHz", "100 Hz", "unstamped", "a clock set back"],
)
def test_joint_states_are_skipped_by_their_stamps_alone(peer, wait, stamps, taken):
    received, everything = [], []
    subscribe(peer, contract.JOINT_STATES, received.append, most=250.0)
    subscribe(peer, contract.JOINT_STATES, everything.append)
    sender = publisher(peer, contract.JOINT_STATES)
    wait(lambda: sender.subscribers == 2, "discovery")
    for count, stamp in enumerate(stamps, 1):
        sender.send(JointState(stamp, ("a",), np.zeros(1), np.zeros(1)))
        wait(lambda count=count: len(everything) == count, f"message {count}")
    wait(lambda: len(received) == taken, lambda: f"{taken}, got {len(received)}")
    assert [state.stamp for state in received] == [
        stamp for stamp in stamps if stamp in {state.stamp for state in received}
    ]

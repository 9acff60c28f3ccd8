"""A table with a source vessel, a target on a scale and a microphone, around an arm of the graph.

While the arm tilts the vessel far enough for what is left in it to flow, the target fills as in a
recording of a pour, the microphone hears that recording, and the scale tells the mass.
"""

from __future__ import annotations

import os
import pty
import subprocess
import threading
import time
import tty
from collections.abc import Callable

import numpy as np
import pytest

from multigen_core import contract
from multigen_core.arm import Arm, select_joints
from multigen_core.guard.upright import Upright
from multigen_core.ros.endpoints import subscribe
from multigen_core.types import JointState
from multigen_core.world.scene import Scene
from multigen_core.world.tilted_volume import volume_table

RATE = contract.SAMPLE_RATE
_STEP = 0.02
_WEIGHINGS = 5
"""Steps between lines of the scale."""


class VirtualLab:
    """Runs in a thread of its own until closed.

    Args:
        peer: a node in the arm's graph.
        fill: volume [m^3] in the target after a time [s] of flow.
        sound: of that flow, (N,) at 16 kHz; None plays nothing.
        scene: gives the source vessel and its volume.
    """

    def __init__(
        self,
        peer: object,
        fill: Callable[[float], float],
        sound: np.ndarray | None = None,
        scene: Scene | None = None,
    ) -> None:
        scene = scene or Scene()
        arm = Arm.load()
        upright, table = Upright(arm), volume_table(scene.source.vessel)
        self._fill, self._sound = fill, sound
        self._tilt = lambda state: upright.tilt(select_joints(state, arm.names).positions)
        self._left = lambda tilt: table.volume(0.0, tilt)
        self._volume = scene.source.volume_ml * 1e-6
        self.tilts: list[float] = []
        self.flowed = 0.0
        """Time of flow so far [s]."""
        self.stall = 0.0
        """Longest time [s] by which this thread was late: beyond it, the machine is too busy."""
        self._state: JointState | None = None
        subscribe(peer, contract.JOINT_STATES, self._take)
        self._leader, self._follower = pty.openpty()
        tty.setraw(self._follower)
        self.scale_port = os.ttyname(self._follower)
        self._player = self._start_player() if sound is not None else None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _take(self, state: JointState) -> None:
        self._state = state

    def _start_player(self) -> subprocess.Popen[bytes]:
        form = ("--raw", "--format=s16le", f"--rate={RATE}", "--channels=1", "--latency-msec=60")
        return subprocess.Popen(["pacat", "--device=vspk", *form], stdin=subprocess.PIPE)

    @property
    def poured(self) -> float:
        """Volume in the target [m^3]."""
        return self._fill(self.flowed)

    def skip_if_stalled(self) -> None:
        """Skip the test if the machine stood still for longer than a pour in real time bears."""
        if self.stall > 0.3:
            pytest.skip(f"the machine stood still for {self.stall:.1f} s: too busy to pour")

    def refill(self) -> None:
        """Empty the target and fill the source."""
        self.flowed = 0.0

    def _run(self) -> None:
        rng, due, step = np.random.default_rng(0), time.monotonic(), 0
        while not self._over.is_set():
            state = self._state
            tilt = self._tilt(state) if state is not None else 0.0
            self.tilts.append(tilt)
            flows = tilt > 0.1 and self._left(tilt) < self._volume - self.poured
            if self._player is not None:
                room = 0.0005 * rng.standard_normal(round(_STEP * RATE))
                if flows:
                    first = round(self.flowed * RATE)
                    room += np.resize(self._sound[first:], len(room))
                self._player.stdin.write((room.clip(-1, 1) * 32767).astype("<i2").tobytes())
                self._player.stdin.flush()
            if flows:
                self.flowed += _STEP
            if step % _WEIGHINGS == 0:
                os.write(self._leader, b"ST,GS,+%9.2f g\r\n" % (self.poured * 1e6 + 250.0))
            step, due = step + 1, due + _STEP
            self.stall = max(self.stall, time.monotonic() - due)
            self._over.wait(max(0.0, due - time.monotonic()))

    def close(self) -> None:
        """End it."""
        self._over.set()
        self._thread.join()
        if self._player is not None:
            self._player.kill()
            self._player.wait()
        os.close(self._leader)
        os.close(self._follower)

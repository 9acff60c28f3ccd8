"""The thread that owns a simulator: steps it, follows trajectories, publishes results."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from multigen_core.arm import Arm, select_joints
from multigen_core.arm.trajectory import Trajectory, TrajectoryFollower
from multigen_core.errors import MultigenError, WorkerDiedError
from multigen_core.simulator import Simulator
from multigen_core.types import (
    NANOSECONDS,
    CameraCalibration,
    CameraFrame,
    JointState,
    LiquidState,
    PourState,
)
from multigen_core.world.scene import Scene
from multigen_sim.pacing import AudioLead, Pacer

START = 10_000_000
"""Initial simulated time [ns]; not 0, which means that there is no time yet."""
_LONGEST_TICK = 0.005
_PAUSE_POLL = 0.02


class Outputs(Protocol):
    """Receives the loop's results, in its thread."""

    def clock(self, now: int) -> None: ...
    def joints(self, state: JointState) -> None: ...
    def liquid(self, state: LiquidState) -> None: ...
    def pour(self, state: PourState) -> None: ...
    def wants_camera(self) -> bool: ...
    def camera(
        self, frame: CameraFrame | None, calibration: CameraCalibration, now: int
    ) -> None: ...
    def wants_hearing(self) -> bool: ...
    def hearing(self, frame: CameraFrame) -> None: ...
    def collided(self, pair: str) -> None: ...
    def lost(self, error: MultigenError) -> None: ...
    def failed(self, error: MultigenError) -> None: ...


@dataclass(frozen=True)
class Rates:
    """Rate of each output per simulated second."""

    joints: float = 100.0
    camera: float = 30.0
    hearing: float = 10.0
    liquid: float = 50.0
    pour: float = 10.0


class SimulationLoop:
    """Runs until `stop`. Simulated time never goes back: it continues across a reset."""

    def __init__(
        self,
        make: Callable[[], Simulator],
        arm: Arm,
        scene: Callable[[], tuple[Scene, int]],
        outputs: Outputs,
        rates: Rates,
        real_time_factor: float = 1.0,
        max_audio_lead: float = 0.0,
    ) -> None:
        self._make, self._arm, self._scene = make, arm, scene
        self._outputs, self._rates = outputs, rates
        self.pacer = Pacer(real_time_factor)
        self.audio = AudioLead(max_audio_lead)
        self._resets: deque[tuple[threading.Event, list[str]]] = deque()
        self._commands: deque[Trajectory] = deque(maxlen=8)
        self._running = True
        self.paused = False
        self.rejected = 0
        """Commands refused."""
        self.reason = ""
        """Reason of the last refusal."""
        self.lost = ""
        """Why the backend's process is gone; time stands until a reset starts it again."""
        self.collisions = 0
        """Number of new contacts between bodies."""
        self.collision = ""
        """The last pair in contact."""
        self.cost: dict[str, float] = {"step_ms": 0.0, "render_ms": 0.0, "hearing_view_ms": 0.0}
        """Running mean of each part's time [ms]."""
        self._thread = threading.Thread(target=self._run, name="simulator", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread and free the simulator."""
        self._running = False
        self._thread.join(timeout=5.0)

    def command(self, trajectory: Trajectory) -> None:
        """Follow `trajectory` from now."""
        self._commands.append(trajectory)

    def reset(self, timeout: float = 10.0) -> str:
        """Reload the scene; return an empty string, or why it failed."""
        done, answer = threading.Event(), [""]
        self._resets.append((done, answer))
        return answer[0] if done.wait(timeout) else f"still resetting after {timeout:g} s"

    def reject(self, error: Exception) -> None:
        """Record a command that is not followed."""
        self.rejected += 1
        self.reason = str(error)

    @property
    def figures(self) -> dict[str, float]:
        """Diagnostic values by name."""
        return {
            "real_time_factor": self.pacer.measured,
            "overruns": self.pacer.overruns,
            "rejected_commands": self.rejected,
            "collisions": self.collisions,
            **self.cost,
        }

    def _run(self) -> None:
        try:
            self._simulator = self._make()
            self._offset, self._elapsed = START, 0
            self._load()
            self._loop()
        except MultigenError as error:
            self._outputs.failed(error)
        except Exception as error:  # a stopped world must not look alive
            self._outputs.failed(
                MultigenError(f"the simulator failed: {type(error).__name__}: {error}")
            )
        finally:
            simulator = getattr(self, "_simulator", None)
            if simulator is not None:
                simulator.close()

    def _load(self) -> None:
        scene, seed = self._scene()
        self._simulator.reset(scene, seed)
        self._calibration = scene.camera.calibration
        self._commands.clear()
        self.reason = ""
        joints = select_joints(self._simulator.state().joints, self._arm.names)
        self._follower = TrajectoryFollower(self._arm.names, joints.positions)
        now = self._now
        self._due = dict.fromkeys(vars(self._rates), now)
        self.pacer.restart(now)
        self.audio.restart(now)

    @property
    def _now(self) -> int:
        return self._offset + self._elapsed

    def _loop(self) -> None:
        timestep = self._simulator.timestep
        fastest = max(vars(self._rates).values())
        steps = max(1, int(min(_LONGEST_TICK, 1.0 / fastest) / timestep + 1e-9))
        tick = round(steps * timestep * NANOSECONDS)
        while self._running:
            self._serve_resets()
            if self.paused or self.lost:
                time.sleep(_PAUSE_POLL)
                self.pacer.restart(self._now)
                continue
            if not self.audio.wait(self._now):
                self.pacer.restart(self._now)
                continue
            try:
                self._publish()
                self._follow()
                with self._timed("step_ms"):
                    self._simulator.step(steps)
            except WorkerDiedError as error:
                self._outputs.lost(error)
                self.lost = str(error)
                continue
            self._elapsed += tick
            delay = self.pacer.delay(self._now)
            if delay > 0.0:
                time.sleep(delay)

    def _serve_resets(self) -> None:
        waiting = [self._resets.popleft() for _ in range(len(self._resets))]
        if not waiting:
            return
        self._offset, self._elapsed = self._now, 0
        failure = ""
        try:
            self._load()
            self.lost = ""
        except MultigenError as error:
            failure = str(error)
        for done, answer in waiting:
            answer[0] = failure
            done.set()

    def _follow(self) -> None:
        now = self._now
        while self._commands:
            try:
                trajectory = self._commands.popleft()
                trajectory.check()
                self._check_limits(trajectory.reordered(self._arm.names))
                self._follower.accept(trajectory, now)
                self.reason = ""
            except MultigenError as error:
                self.reject(error)
        self._simulator.command(*self._follower.sample(now))

    def _check_limits(self, trajectory: Trajectory) -> None:
        arm, positions = self._arm, trajectory.positions
        outside = (positions < arm.lower) | (positions > arm.upper)
        if outside.any():
            point, joint = np.argwhere(outside)[0]
            raise MultigenError(
                f"{arm.names[joint]} at {positions[point, joint]:.3f} rad is outside its limits "
                f"{arm.lower[joint]:.2f} … {arm.upper[joint]:.2f} rad"
            )

    def _is_due(self, name: str, now: int) -> bool:
        if now < self._due[name]:
            return False
        self._due[name] += round(NANOSECONDS / getattr(self._rates, name))
        return True

    def _publish(self) -> None:
        now, simulator, outputs = self._now, self._simulator, self._outputs
        outputs.clock(now)
        due = {name for name in ("joints", "liquid", "pour") if self._is_due(name, now)}
        if due:
            state = simulator.state()
            self._report(state.collisions)
            if "joints" in due:
                outputs.joints(replace(state.joints, stamp=now))
            if "liquid" in due:
                outputs.liquid(replace(state.liquid, stamp=now))
            if "pour" in due:
                outputs.pour(replace(state.pour, stamp=now))
        if self._is_due("hearing", now) and outputs.wants_hearing():
            with self._timed("hearing_view_ms"):
                frame = simulator.render("cutaway")
            outputs.hearing(replace(frame, stamp=now))
        if self._is_due("camera", now):
            picture = None
            if outputs.wants_camera():
                with self._timed("render_ms"):
                    picture = replace(simulator.render("public"), stamp=now)
            outputs.camera(picture, self._calibration, now)

    def _report(self, collisions: tuple[str, ...]) -> None:
        for pair in collisions:
            self.collisions += 1
            self.collision = pair
            self._outputs.collided(pair)

    def _timed(self, name: str) -> _Timer:
        return _Timer(self.cost, name)


class _Timer:
    def __init__(self, cost: dict[str, float], name: str) -> None:
        self._cost, self._name = cost, name

    def __enter__(self) -> None:
        self._start = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        spent = 1e3 * (time.perf_counter() - self._start)
        self._cost[self._name] += 0.05 * (spent - self._cost[self._name])

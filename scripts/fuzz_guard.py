#!/usr/bin/env python3
"""Sends random commands through the guard's rules and checks what passes by other formulas.

Each accepted command is sampled densely by Hermite's basis functions, which the guard does not use,
and so are the guard's own ways back to upright. Ends with status 1 if one leaves its limits.
"""

import argparse
import sys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multigen_core.arm import Arm
from multigen_core.arm.trajectory import Trajectory
from multigen_core.guard.judgement import judge
from multigen_core.guard.limits import Limits
from multigen_core.guard.retreat import RetreatError
from multigen_core.guard.rules import ROUNDING, Violation
from multigen_core.guard.way_upright import WayUpright

ARM = Arm.load("gen3")
LIMITS = Limits.of(ARM, 0.5, 0.2)
J = len(ARM.names)
SAMPLES = 65
"""Per segment of a trajectory."""
Array = NDArray[np.float64]


@dataclass
class Cases:
    """N motions of T points: times (N, T), positions and velocities (N, T, J), the rest (N, J)."""

    times: Array
    positions: Array
    velocities: Array
    start: Array
    speed: Array
    measured: Array
    planned: NDArray[np.bool_]


def draw(rng: np.random.Generator, count: int, points: int) -> Cases:
    """Motions of which many are about as quick as is allowed, and some are out of all bounds."""
    lower = np.where(np.isfinite(LIMITS.lower), LIMITS.lower, -7.0)
    upper = np.where(np.isfinite(LIMITS.upper), LIMITS.upper, 7.0)
    start = rng.uniform(lower, upper, (count, J))
    edge = rng.random((count, J)) < 0.1
    beyond = rng.normal(0.0, 0.01, (count, J))
    start = np.where(edge, np.where(rng.random((count, J)) < 0.5, lower, upper) + beyond, start)
    vigour = 10 ** rng.uniform(-2.0, 0.3, (count, 1))
    speed = vigour * LIMITS.velocity * rng.uniform(-1, 1, (count, J))
    speed *= rng.random((count, 1)) < 0.7
    gaps = 10 ** rng.uniform(-1.5, 0.5, (count, points))
    velocities = np.empty((count, points, J))
    positions = np.empty((count, points, J))
    at, rate = start, speed
    for point in range(points):
        gap = gaps[:, point, None]
        change = vigour * LIMITS.acceleration * gap
        new = rate + change * rng.uniform(-1, 1, (count, J))
        if point == points - 1:
            new = np.zeros_like(rate)
        # The mean of both rates, as at constant acceleration, and something else.
        step = gap * (rate + new) / 2 + change * gap * rng.uniform(-0.2, 0.2, (count, J))
        at, rate = at + step, new
        positions[:, point], velocities[:, point] = at, rate
    lag = rng.normal(0.0, 1.0, (count, J)) * 10 ** rng.uniform(-4, -1.5, (count, 1))
    cases = Cases(
        np.cumsum(gaps, axis=1),
        positions,
        velocities,
        start,
        speed,
        start + lag,
        rng.random(count) < 0.8,
    )
    _spoil(rng, cases)
    return cases


def _spoil(rng: np.random.Generator, cases: Cases) -> None:
    """Put numbers out of all bounds into a few."""
    for values in (cases.times, cases.positions, cases.velocities):
        flat = values.reshape(len(values), -1)
        for row in np.flatnonzero(rng.random(len(flat)) < 0.01):
            column = rng.integers(flat.shape[1])
            flat[row, column] *= 10.0 ** rng.uniform(-300, 290)
    for row in np.flatnonzero(rng.random(len(cases.times)) < 0.01):
        cases.times[row] *= 10.0 ** rng.uniform(-12, 290)


def passed(cases: Cases) -> tuple[Cases, NDArray[np.intp]]:
    """Those that the guard lets pass, as it would send them, and which they are."""
    kept = []
    for index in range(len(cases.times)):
        found = judge(
            Trajectory(
                ARM.names, cases.times[index], cases.positions[index], cases.velocities[index]
            ),
            LIMITS,
            ARM,
            cases.measured[index],
            (cases.start[index], cases.speed[index]),
            bool(cases.planned[index]),
        )
        if isinstance(found, Violation):
            continue
        turns = (found.positions - cases.positions[index]) / (2 * np.pi)
        whole = np.abs(turns - np.round(turns[0])).max() < 1e-9
        assert whole, "moved by no whole turns"
        assert not np.round(turns)[:, ~ARM.continuous].any(), "a joint with a range was turned"
        cases.positions[index] = found.positions
        kept.append(index)
    rows = np.array(kept, np.intp)
    return Cases(*(values[rows] for values in vars(cases).values())), rows


def sampled(cases: Cases) -> tuple[Array, Array, Array]:
    """Position, velocity and acceleration along every segment, (N, T, SAMPLES, J) each."""
    times = np.concatenate([np.zeros((len(cases.times), 1)), cases.times], axis=1)
    points = np.concatenate([cases.start[:, None], cases.positions], axis=1)
    rates = np.concatenate([cases.speed[:, None], cases.velocities], axis=1)
    h = np.diff(times)[..., None, None]
    p0, p1 = points[:, :-1, None], points[:, 1:, None]
    m0, m1 = h * rates[:, :-1, None], h * rates[:, 1:, None]
    u = np.linspace(0.0, 1.0, SAMPLES)[:, None]
    q = (
        (1 + 2 * u) * (1 - u) ** 2 * p0
        + u * (1 - u) ** 2 * m0
        + u**2 * (3 - 2 * u) * p1
        + u**2 * (u - 1) * m1
    )
    v = (6 * u * (u - 1) * (p0 - p1) + (1 - u) * (1 - 3 * u) * m0 + u * (3 * u - 2) * m1) / h
    a = ((12 * u - 6) * (p0 - p1) + (6 * u - 4) * m0 + (6 * u - 2) * m1) / h**2
    return q, v, a


def excesses(cases: Cases, strict: bool = False) -> dict[str, Array]:
    """How far each motion exceeds each limit, (N,), below 0 within; in units of the limits.

    The first segment is held to what its start allows; `strict` allows it no more acceleration.
    """
    q, v, a = sampled(cases)
    first = np.arange(cases.times.shape[1])[:, None, None] == 0
    start, speed = cases.start[:, None, None], np.abs(cases.speed[:, None, None])
    h = cases.times[:, :1, None, None]
    astray = np.abs(cases.start - cases.measured)[:, None, None]
    allowed = 5 * LIMITS.acceleration + 6 * (speed * h + astray) / h**2
    allowed = np.where(cases.planned[:, None, None, None], allowed, np.inf)
    first_bend = LIMITS.acceleration if strict else allowed
    lower = np.where(first, np.minimum(LIMITS.lower, start), LIMITS.lower)
    upper = np.where(first, np.maximum(LIMITS.upper, start), LIMITS.upper)
    fastest = np.where(first, np.maximum(LIMITS.velocity, speed), LIMITS.velocity)
    hardest = np.where(first, first_bend, LIMITS.acceleration)
    found = {
        "position": np.maximum(q - upper, lower - q),
        "velocity": np.abs(v) - fastest,
        "acceleration": np.abs(a) - hardest,
        "first step": np.abs(cases.positions[:, :1] - cases.measured[:, None]) - LIMITS.jump,
        "first time": LIMITS.soonest - cases.times[:, :1],
        "last time": cases.times[:, -1:] - LIMITS.longest,
    }
    return {what: values.reshape(len(values), -1).max(axis=1) for what, values in found.items()}


class Ledger:
    """Counts what passed and what should not have, and remembers the worst."""

    def __init__(self, subject: str) -> None:
        self._subject = subject
        self._given = self._passed = self.breaches = 0
        self._worst: dict[str, float] = {}

    def add(self, given: int, cases: Cases, strict: bool = False) -> None:
        """Look at the cases passed of so many given."""
        self._given += given
        self._passed += len(cases.times)
        if not len(cases.times):
            return
        bad = np.zeros(len(cases.times), bool)
        for what, excess in excesses(cases, strict).items():
            self._worst[what] = max(self._worst.get(what, -np.inf), float(excess.max()))
            # Twice the guard's own allowance for rounding at the largest limit.
            bad |= ~(excess <= 20 * ROUNDING)
        self.breaches += int(bad.sum())

    def __str__(self) -> str:
        worst = ", ".join(f"{what} {excess:+.1e}" for what, excess in self._worst.items())
        return (
            f"{self._subject}: {self._given} given, {self._passed} passed, {self.breaches} beyond "
            f"limits; largest excess: {worst}"
        )


def commands(rng: np.random.Generator, count: int) -> Ledger:
    """Random commands through the rules."""
    ledger = Ledger("commands")
    while count > 0:
        size = min(count, 2000)
        with np.errstate(all="ignore"):
            cases = draw(rng, size, int(rng.integers(1, 6)))
            kept, _ = passed(cases)
        ledger.add(size, kept)
        count -= size
    return ledger


def returns(rng: np.random.Generator, count: int) -> Ledger:
    """The guard's own ways upright from random motions, some of them along the joints' limits."""
    ledger = Ledger("ways upright")
    for _ in range(count):
        at = np.clip(ARM.home + rng.normal(0.0, 0.6, J), LIMITS.lower - 1e-3, LIMITS.upper + 1e-3)
        begin = ARM.home + np.eye(J)[0] * rng.uniform(-3, 3)
        way = WayUpright(ARM, LIMITS)
        if rng.random() < 0.7:
            for share in np.linspace(0.0, 1.0, 60):
                way.observe(begin + share * (at - begin) + rng.normal(0.0, 3e-4, J))
        speed = LIMITS.velocity * rng.uniform(-1, 1, J) * 10 ** rng.uniform(-3, 0)
        measured = at + rng.normal(0.0, 1e-3, J)
        try:
            plan = way.plan(measured, (at, speed))
        except RetreatError:
            ledger.add(1, Cases(*(np.empty((0, 1, J)) for _ in range(7))))
            continue
        single = (plan.times, plan.positions, plan.velocities, at, speed, measured, np.array(True))
        ledger.add(1, Cases(*(np.asarray(values)[None] for values in single)), strict=True)
    return ledger


def main() -> int:
    """Run both and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commands", type=int, default=1_000_000)
    parser.add_argument("--returns", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    ledgers = [commands(rng, options.commands), returns(rng, options.returns)]
    print(*ledgers, sep="\n")
    return int(any(ledger.breaches for ledger in ledgers))


if __name__ == "__main__":
    sys.exit(main())

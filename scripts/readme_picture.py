#!/usr/bin/env python3
"""Renders docs/images/pour.png: one moment of a simulated pour, the hearing view, and its sound."""

from pathlib import Path

import matplotlib
import numpy as np
from matplotlib import pyplot as plt

from multigen_audio.physical import Physical
from multigen_core.arm import Arm
from multigen_core.policy import PolicyConfig, make_policy
from multigen_core.rollout import Rollout
from multigen_core.rollout.offline import OfflineGraph, pour
from multigen_core.station import Station, Told
from multigen_core.world.scene import CameraSpec, Scene
from multigen_sim.mujoco.simulator import MujocoSimulator

MOMENT = 8.0
"""When to look [s]."""


def main() -> None:
    """Pour 200 ml and draw."""
    matplotlib.use("Agg")
    scene = Scene(camera=CameraSpec(width=960, height=720))
    arm = Arm.load()
    simulator, sound, marks = MujocoSimulator(arm), [], []
    picture = hearing = None
    station = Station.of(scene, arm, Told.TARGET)
    rollout = Rollout(make_policy(PolicyConfig(station, "timed")), station)
    graph = OfflineGraph(simulator, scene, 0, arm, synthesizer=Physical(0))
    for tick in pour(graph, rollout, 200e-6):
        sound += [chunk.samples for chunk in tick.sound]
        marks.append((tick.now / 1e9, tick.world.liquid.resonance_frequency))
        if picture is None and marks[-1][0] >= MOMENT:
            picture, hearing = simulator.render("public").rgb, simulator.render("cutaway").rgb
    simulator.close()

    figure = plt.figure(figsize=(12, 5.4), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=[1.25, 1])
    axes = [left.subplots(), *right.subplots(2, 1, height_ratios=[1, 1])]
    for axis, image in zip(axes, (picture, hearing), strict=False):
        axis.imshow(image, interpolation="lanczos")
        axis.axis("off")
    axes[0].set_title("what the policy sees")
    axes[1].set_title("what the synthesizer sees: the hearing view")
    samples = np.concatenate(sound)
    axes[2].specgram(samples, NFFT=1024, Fs=16_000, noverlap=768, vmin=-120, cmap="magma")
    axes[2].plot(*np.array(marks).T, "--", color="cyan", label="true resonance of the air column")
    axes[2].axvline(MOMENT, color="white", lw=0.8)
    axes[2].set(ylim=(0, 4000), xlabel="time [s]", ylabel="frequency [Hz]")
    axes[2].set_title("the sound it makes")
    axes[2].legend(loc="upper left", fontsize=8)
    figure.savefig(Path(__file__).parents[1] / "docs/images/pour.png", dpi=80)


if __name__ == "__main__":
    main()

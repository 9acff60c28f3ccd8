"""Whole inputs, as small as they can be, to be damaged."""

from pathlib import Path
from typing import Any

import mcap.writer
import numpy as np
import soundfile

from multigen_core.arm.trajectory import hold
from multigen_core.bags import BagReader, BagWriter
from multigen_core.contract import (
    ARM_COMMAND,
    AUDIO,
    AUDIO_INFO,
    CAMERA_INFO,
    GOAL,
    IMAGE_COMPRESSED,
    JOINT_STATES,
    LIQUID_STATE,
    POUR_STATE,
    PROGRESS,
    TOPICS,
)
from multigen_core.files import write_json
from multigen_core.types import (
    NANOSECONDS,
    AudioChunk,
    AudioInfo,
    CameraCalibration,
    CameraFrame,
    CameraInfo,
    JointState,
    LiquidState,
    Outcome,
    PourProgress,
    PourState,
)
from multigen_policy.evaluation.results import summary

SECONDS = 2.0
START = 1_700_000_000 * NANOSECONDS
VESSEL = b"""description: a glass
profile: [[0, 0.02], [0.02, 0.03], [0.12, 0.035]]
wall: 0.003
stem: 0.0
mass: 0.2
material: glass
opaque: false
colour: [0.9, 0.95, 1.0, 0.25]
held_out: false
"""
SCENE = b"""liquid: {choice: [water, oil]}
source: {vessel: beaker, volume_ml: {uniform: [100, 300]}, grasp_height: 0.05}
target: {vessel: mug, position: [0.5, {uniform: [-0.1, 0.1]}, 0.0]}
camera: {position: [0.9, -0.6, {uniform: [0.5, 0.6]}], look_at: [0.5, 0, 0.1], width: 320}
"""
PHYSICAL = b"""gain: 0
microphone: {low: 60, high: 7500, peaks: [{frequency: 1000, gain: 3, quality: 1}]}
room: {size: [4, 3, 2.6], reflection: 0.7, decay: 0.35, wet: -6, seed: 0}
motor: {rest: -70, moving: -50, hum: 120, whine: 640}
"""
CAMERA = b"""image_width: 640
image_height: 480
camera_name: wrist
camera_matrix: {rows: 3, cols: 3, data: [600, 0, 320, 0, 600, 240, 0, 0, 1]}
distortion_model: plumb_bob
distortion_coefficients: {rows: 1, cols: 5, data: [0.1, -0.2, 0, 0, 0]}
"""
CLIPS = (
    "clip,container,shape,material,visibility,diameter_bottom_cm,diameter_top_cm,net_height_cm,"
    "duration_s,original_split\n"
    "a,cup,cylindrical,glass,transparent,5.7,6.3,19.7,1.5,train\n"
    "b,bowl,semiconical,plastic_pp,opaque,0,12,6,1.5,test_I|test_II\n"
)


def write_bag(path: Path) -> None:
    """A pour of SECONDS with every topic that is evaluated."""
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 255, (24, 32, 3), np.uint8)
    calibration = CameraCalibration(32, 24, np.eye(3))
    entries = []
    for tick in range(round(SECONDS * 100)):
        now, share = START + tick * 10_000_000, tick / (SECONDS * 100)
        volume = 1.5e-4 * share
        entries.append((JOINT_STATES, JointState(now, ("a", "b"), np.full(2, share), np.ones(2))))
        if tick % 2 == 0:
            sound = (0.1 * rng.standard_normal(320)).astype(np.float32)
            entries.append((AUDIO, AudioChunk(now, sound, 16_000, "microphone_link")))
            liquid = LiquidState(
                now, "beaker", "mug", "water", target_volume=volume, target_level=0.1 * share,
                air_column=0.11 - 0.1 * share, resonance_frequency=700 + 900 * share,
            )  # fmt: skip
            entries.append((LIQUID_STATE, liquid))
        if tick % 10 == 0:
            entries.append((POUR_STATE, PourState(now, 3e-4 - volume, volume, 0.0, volume * 1e3)))
            outcome = Outcome.SUCCEEDED if share >= 0.9 else Outcome.RUNNING
            entries.append((PROGRESS, PourProgress(now, "pour", 1.5e-4, volume, share, outcome)))
            entries.append((CAMERA_INFO, CameraInfo(now, "camera", calibration)))
            entries.append((IMAGE_COMPRESSED, CameraFrame(now, picture, "camera")))
    entries.append((GOAL, PourProgress(START, "accepted", 1.5e-4)))
    entries.append((AUDIO_INFO, AudioInfo(START)))
    entries.append((ARM_COMMAND, hold(("a", "b"), np.zeros(2))))
    notes = {"sim": "true", "scene": "bar", "seed": "7", "real_time_factor": "0.98"}
    with BagWriter(path, [topic for topic in TOPICS if topic.recorded], notes) as bag:
        for topic, item in entries:
            bag.write(topic, item, max(getattr(item, "stamp", 0), START))


def write_unchecked(path: Path, bag: Path) -> None:
    """The messages of `bag` in an MCAP file without checksums and chunks."""
    with path.open("wb") as file, BagReader(bag) as reader:
        writer = mcap.writer.Writer(file, use_chunking=False, enable_crcs=False)
        writer.start(profile="ros2")
        channels = {}
        for connection in reader.connections:
            definition = connection.definition.encode()
            schema = writer.register_schema(connection.type, "ros2msg", definition)
            channels[connection.key] = writer.register_channel(connection.topic, "cdr", schema)
        for connection, time, data in reader.everything():
            writer.add_message(channels[connection.key], time, data, time)
        writer.finish()


def write_sound(path: Path) -> None:
    """Noise of 1.5 s, in the kind that the name's suffix says."""
    sound = 0.1 * np.random.default_rng(0).standard_normal((24_000, 2))
    soundfile.write(path, sound, 16_000)


def write_results(path: Path, results: list[dict[str, Any]]) -> None:
    """The results of a pour as evaluate-bag writes them."""
    write_json(path, summary(results))

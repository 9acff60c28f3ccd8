"""Settings of the physical synthesizer: everything that training may randomise."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from multigen_audio.physical.controls import FADE
from multigen_core.config.frozen import FrozenModel

Decibels = Annotated[float, Field(ge=-140, le=40)]
Frequency = Annotated[float, Field(ge=10, le=24_000)]


class Peak(FrozenModel):
    """A resonance of the microphone or its mounting: centre [Hz], height [dB], quality factor."""

    frequency: Frequency
    gain: Annotated[float, Field(ge=-24, le=24)]
    quality: Annotated[float, Field(ge=0.2, le=20)] = 1.0


class Microphone(FrozenModel):
    """Response: corners [Hz] of first-order slopes at both ends, and peaks or dips between."""

    low: Frequency = 60.0
    high: Frequency = 7500.0
    peaks: Annotated[tuple[Peak, ...], Field(max_length=8)] = ()


class Room(FrozenModel):
    """A shoebox room, by its first reflections and a decaying tail.

    `size` [m] length, width, height; `reflection` amplitude kept at each wall; `decay` [s], time in
    which the tail falls by 60 dB; `wet` [dB] of all that is reflected against the direct sound;
    `seed` of where source and microphone stand and of the tail.
    """

    size: tuple[float, float, float] = (4.0, 3.0, 2.6)
    reflection: Annotated[float, Field(ge=0, lt=1)] = 0.7
    decay: Annotated[float, Field(ge=0.05, le=1.5)] = 0.35
    wet: Decibels = -6.0
    seed: Annotated[int, Field(ge=0)] = 0


class Motor(FrozenModel):
    """An arm's drives: levels [dB re full scale] of their hum at rest and their whine at 0.4 rad/s.

    `hum` [Hz] is the fundamental at rest; `whine` [Hz] that at 0.4 rad/s, proportional to the
    source's tilting speed.
    """

    rest: Decibels = -70.0
    moving: Decibels = -50.0
    hum: Frequency = 120.0
    whine: Frequency = 640.0


class PhysicalConfig(FrozenModel):
    """Recording conditions of the pour.

    `gain` [dB] of the pour before everything else; `fade` [dB] by which it softens from empty to
    brimful; `noise_floor` [dB re full scale] of constant
    white noise; `slosh` scales the sound of liquid lapping at the wall; `room`, `microphone` and
    `motor` are left out by default.
    """

    gain: Decibels = 0.0
    fade: Annotated[float, Field(ge=0, le=30)] = FADE
    noise_floor: Decibels = -90.0
    slosh: Annotated[float, Field(ge=0, le=10)] = 1.0
    room: Room | None = None
    microphone: Microphone | None = None
    motor: Motor | None = None

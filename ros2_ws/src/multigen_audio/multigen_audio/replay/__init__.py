"""The replay synthesizer: sound of a pour from pieces of real recordings."""

from multigen_audio.replay.grains import Grains
from multigen_audio.replay.library import Library
from multigen_audio.replay.synthesizer import Replay

__all__ = ["Grains", "Library", "Replay"]

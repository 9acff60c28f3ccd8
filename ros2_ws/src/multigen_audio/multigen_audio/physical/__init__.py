"""The physical synthesizer: sound of a pour from the simulator's ground truth."""

from multigen_audio.physical.synthesizer import Physical

__all__ = ["Physical"]

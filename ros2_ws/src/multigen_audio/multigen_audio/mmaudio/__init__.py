"""MMAudio (Cheng et al., CVPR 2025) as a synthesizer; needs a GPU and its weights."""

from multigen_audio.mmaudio.config import MMAudioConfig
from multigen_audio.mmaudio.synthesizer import MMAudio

__all__ = ["MMAudio", "MMAudioConfig"]

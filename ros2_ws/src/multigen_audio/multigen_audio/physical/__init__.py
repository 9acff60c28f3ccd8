"""The physical synthesizer: sound of a pour from the simulator's ground truth."""

from multigen_audio.physical.config import Microphone, Motor, Peak, PhysicalConfig, Room
from multigen_audio.physical.synthesizer import Physical

__all__ = ["Microphone", "Motor", "Peak", "Physical", "PhysicalConfig", "Room"]

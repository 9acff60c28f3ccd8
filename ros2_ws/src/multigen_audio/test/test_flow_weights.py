"""Which weights flow runs on."""

import subprocess
import sys

import pytest

from multigen_audio.flow.weights import weights_folder
from multigen_core.learning.weights import WeightsError


def test_a_folder_that_is_not_there_is_named(tmp_path) -> None:
    with pytest.raises(WeightsError, match="nowhere: no such folder; create it"):
        weights_folder(str(tmp_path / "nowhere"))


def test_flow_sounds_without_torch() -> None:
    code = """
import sys
import numpy as np
from multigen_core.synthesizer import SynthesizerConfig, make_synthesizer
from multigen_core.types import CameraFrame
flow = make_synthesizer(SynthesizerConfig("flow"))
for tick in range(3):
    flow.push(CameraFrame(tick * 100_000_000, np.full((128, 160, 3), tick, np.uint8), "view"))
print(sum(len(chunk.samples) for chunk in flow.pull()), "torch" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "3024 False\n", done.stderr

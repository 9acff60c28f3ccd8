"""A machine with Isaac Sim, virtually: a `python.sh`, an `nvidia-smi` and the fake of its API."""

import json
import os
import sys
from pathlib import Path

from multigen_sim.isaac.settings import PARTICLES, PATH

FAKE = Path(__file__).parent / "fake_isaac"
GPU = "NVIDIA RTX A6000, 580.65.06"


class IsaacMachine:
    """Its programs are in `folder`; `environment` makes a process find them."""

    def __init__(self, folder, particles):
        self.folder = Path(folder)
        self.environment = {
            "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
            PATH: str(folder),
            PARTICLES: str(particles),
        }
        self.has_gpu(GPU)
        self.behaves()

    def has_gpu(self, line, status=0):
        """What nvidia-smi prints, and its exit status."""
        self._program("nvidia-smi", f'echo "{line}"; exit {status}')

    def behaves(self, **options):
        """How the fake behaves when it starts next."""
        self._python(f"FAKE_ISAAC='{json.dumps(options)}' PYTHONPATH='{FAKE}'")

    def has_no_isaac_sim(self):
        """Its Python is there all the same."""
        self._python("")

    def _python(self, environment):
        self._program("python.sh", f'{environment} exec "{sys.executable}" "$@"')

    def _program(self, name, text):
        file = self.folder / name
        file.write_text(f"#!/bin/sh\n{text}\n")
        file.chmod(0o755)

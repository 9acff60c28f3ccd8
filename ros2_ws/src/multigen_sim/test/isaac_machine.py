"""A machine with Isaac Sim, virtually: a `python.sh`, an `nvidia-smi` and the fake of its API."""

import json
import os
import sys
from pathlib import Path

FAKE = Path(__file__).parent / "fake_isaac"
GPU = "NVIDIA RTX A6000, 580.65.06"


class IsaacMachine:
    """Below `folder`; its programs come first on the path."""

    def __init__(self, folder, monkeypatch):
        self.folder = folder
        self._environment = monkeypatch
        self.has_gpu(GPU)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setenv("ISAAC_SIM_PATH", str(folder))
        self.installs(FAKE)
        self.behaves()

    def installs(self, modules):
        """`python.sh` is this Python, with other modules."""
        self._program("python.sh", f'PYTHONPATH="{modules}" exec "{sys.executable}" "$@"')

    def has_gpu(self, line, status=0):
        """What nvidia-smi prints, and its exit status."""
        self._program("nvidia-smi", f'echo "{line}"; exit {status}')

    def behaves(self, **options):
        """How the fake behaves when it starts next."""
        self._environment.setenv("FAKE_ISAAC", json.dumps(options))

    def _program(self, name, text):
        file = self.folder / name
        file.write_text(f"#!/bin/sh\n{text}\n")
        file.chmod(0o755)

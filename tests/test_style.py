"""The code is formatted and free of what ruff complains about."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("arguments", [("format", "--check"), ("check",)], ids=" ".join)
def test_ruff_finds_nothing(arguments):
    command = ["ruff", *arguments, "--output-format=concise", str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

"""What the guard lets pass, checked by formulas that are not its own."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "scripts" / "fuzz_guard.py"


def test_nothing_beyond_limits_passes():
    arguments = ["--commands", "5000", "--returns", "50", "--seed", "1"]
    told = subprocess.run(
        [sys.executable, SCRIPT, *arguments], capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stdout + told.stderr
    ways, upright = told.stdout.splitlines()
    for line in (ways, upright):
        assert " 0 beyond limits" in line
        assert int(line.split(" given, ")[1].split()[0]) > 10, "some pass"

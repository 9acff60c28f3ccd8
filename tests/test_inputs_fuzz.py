"""Damaged inputs; scripts/fuzz_inputs.py runs more of them."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "scripts" / "fuzz_inputs.py"


def test_damaged_inputs_are_refused_in_one_line_and_change_no_figure_silently():
    told = subprocess.run(
        [sys.executable, SCRIPT, "--cases", "250", "--seed", "1000000", "--verbose"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    *table, last = told.stdout.splitlines()
    assert last == "0 faults"
    refused = sum(int(line.split("|")[4]) for line in table[2:])
    assert refused > 80, "the damage is felt"

"""The command line that every training shares."""

import argparse
import subprocess
import sys
from pathlib import Path

import pytest

from multigen_core.errors import MultigenError
from multigen_core.learning.settings import Settings, add_arguments


def parsed(*arguments):
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return Settings.of(parser.parse_args(["--out", "somewhere", *arguments]), Path("data"))


def test_arguments_become_settings() -> None:
    assert parsed() == Settings(Path("somewhere"), Path("data"))
    found = parsed("--steps", "7", "--device", "cuda:1", "--no-bf16", "--start", "old")
    assert (found.steps, found.device, found.bf16, found.start) == (7, "cuda:1", False, Path("old"))


@pytest.mark.parametrize("name", ["steps", "workers"])
def test_numbers_below_one_are_refused(name) -> None:
    with pytest.raises(MultigenError, match=f"--{name} must be at least 1, got 0"):
        parsed(f"--{name}", "0")


def test_a_command_line_is_parsed_without_torch_and_says_how_to_get_it() -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "import argparse\n"
        "from multigen_core.learning.settings import Settings, add_arguments\n"
        "parser = argparse.ArgumentParser(); add_arguments(parser)\n"
        "Settings.of(parser.parse_args(['--out', 'x']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "training needs torch; install it with `scripts/setup.sh --train`" in done.stderr

"""What scripts/setup.sh says where it cannot work; nothing is installed here."""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_a_space_in_the_path_is_refused_before_anything_is_made(tmp_path):
    checkout = tmp_path / "my robot"
    shutil.copytree(ROOT / "scripts", checkout / "scripts")
    done = subprocess.run(
        [checkout / "scripts/setup.sh"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert done.stderr.startswith("setup: error: colcon's set-up files break on the space in ")
    assert done.stderr.count("\n") == 1
    assert [path.name for path in checkout.iterdir()] == ["scripts"]

"""Finds Isaac Sim, and the GPU that it needs, on this machine."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from multigen_core.errors import MultigenError
from multigen_sim.isaac.settings import PATH

OLDEST_DRIVER = (570, 169)
"""What NVIDIA's image of Isaac Sim 5 declares as its oldest driver."""
_QUERY = "--query-gpu=name,driver_version"
_WITHOUT_RAY_TRACING = ("A100", "A800", "H100", "H800", "H20", "H200", "GH200", "B200", "GB200")
_PATIENCE = 20.0


@dataclass(frozen=True)
class Gpu:
    """The first GPU: its `name` and `driver`, such as "580.65.06"."""

    name: str
    driver: str

    @property
    def traces_rays(self) -> bool:
        """Whether it may have the ray-tracing cores that NVIDIA asks for."""
        return not set(self.name.replace("-", " ").split()) & set(_WITHOUT_RAY_TRACING)


def find_python(where: str) -> Path:
    """Isaac Sim's Python: `python.sh` of a folder, or an interpreter that has the package.

    Raises:
        MultigenError: `where` is empty, or there is none.
    """
    if not where:
        raise MultigenError(
            f"backend isaac needs NVIDIA Isaac Sim 5.0 to 6.2, which you install yourself: set "
            f"{PATH} to its folder, or to the Python that has the package isaacsim"
        )
    path = Path(where).expanduser()
    if path.is_dir():
        path = path / "python.sh"
    if not path.is_file() or not os.access(path, os.X_OK):
        raise MultigenError(
            f"{path} is not an executable file: set {PATH} to the folder of Isaac Sim that has "
            "python.sh, or to the Python that has the package isaacsim"
        )
    return path.absolute()


def find_gpu() -> Gpu:
    """The first GPU, as nvidia-smi lists it.

    Raises:
        MultigenError: there is no driver or no GPU, or the driver is too old.
    """
    try:
        done = subprocess.run(
            ["nvidia-smi", _QUERY, "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    except FileNotFoundError:
        raise MultigenError(
            "backend isaac needs an NVIDIA GPU, and nvidia-smi is not installed: install NVIDIA's "
            "driver; in a container, the NVIDIA container toolkit"
        ) from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MultigenError(f"nvidia-smi does not work: {error}; reinstall the driver") from error
    rows = [line.split(",") for line in done.stdout.splitlines() if line.count(",") == 1]
    if done.returncode or not rows:
        said = (done.stdout + done.stderr).strip().splitlines()
        raise MultigenError(
            f"backend isaac needs an NVIDIA GPU, and nvidia-smi lists none: "
            f"{said[0] if said else 'it says nothing'}; check the driver, or the container's --gpus"
        )
    name, driver = (part.strip() for part in rows[0])
    numbers = tuple(int(part) for part in driver.split(".") if part.isdigit())
    if numbers < OLDEST_DRIVER:
        raise MultigenError(
            f"NVIDIA driver {driver} is older than {'.'.join(map(str, OLDEST_DRIVER))}, which "
            "Isaac Sim 5 needs: update the driver"
        )
    return Gpu(name, driver)


def clean_environment() -> dict[str, str]:
    """This process's environment without what is built for another Python.

    A sourced ROS would put its rclpy and libraries before those that Isaac Sim brings.
    """
    kept = {key: value for key, value in os.environ.items() if key not in _OF_THIS_PYTHON}
    prefixes = os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep)
    libraries = [
        folder
        for folder in os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep)
        if folder and not any(prefix and folder.startswith(prefix) for prefix in prefixes)
    ]
    if libraries:
        kept["LD_LIBRARY_PATH"] = os.pathsep.join(libraries)
    return kept


_OF_THIS_PYTHON = frozenset(
    ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "AMENT_PREFIX_PATH", "LD_LIBRARY_PATH")
)

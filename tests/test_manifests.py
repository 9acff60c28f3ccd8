"""Each package.xml names what the package's code imports, by rosdep's keys."""

import ast
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from multigen_core.contract import TOPICS

ROOT = Path(__file__).parents[1]
SOURCES = ROOT / "ros2_ws/src"
PACKAGES = (
    "multigen_core",
    "multigen_launch",
    "multigen_sim",
    "multigen_audio",
    "multigen_policy",
    "multigen_robot",
    "multigen_view",
)
KEYS = {
    "PIL": "python3-pil",
    "cv2": "python3-opencv",
    "jinja2": "python3-jinja2",
    "matplotlib": "python3-matplotlib",
    "mujoco": "python3-mujoco-pip",
    "numpy": "python3-numpy",
    "onnxruntime": "python3-onnxruntime-pip",
    "pydantic": "python3-pydantic",
    "rich": "python3-rich",
    "rosbags": "python3-rosbags-pip",
    "scipy": "python3-scipy",
    "serial": "python3-serial",
    "sounddevice": "python3-sounddevice-pip",
    "soundfile": "python3-soundfile",
    "yaml": "python3-yaml",
}
WITHOUT_KEY = {"lz4", "mcap", "safetensors", "soxr", "zstandard"}
"""Modules that rosdep does not know; requirements/base.txt installs them."""
OPTIONAL = {"av", "mmaudio", "newton", "onnx", "pyarrow", "rerun", "torch", "warp"}
"""What only training, videos, datasets, the view and Newton take (requirements/train.txt, view.txt
and newton.txt), and what users of MMAudio bring."""
APART = SOURCES / "multigen_sim/multigen_sim/isaac/worker"
"""Runs in Isaac Sim's own Python, with what is there."""


def imported(package: str) -> set[str]:
    """The modules of others that a package's code imports."""
    names: set[str] = set()
    for path in (SOURCES / package / package).rglob("*.py"):
        if path.is_relative_to(APART):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names.update(alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module.split(".")[0])
    return names - sys.stdlib_module_names - {package}


def dependencies(package: str) -> set[str]:
    manifest = ElementTree.parse(SOURCES / package / "package.xml").getroot()
    return {item.text for tag in ("exec_depend", "depend") for item in manifest.iter(tag)}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_manifest_names_what_the_code_imports_and_no_more(package):
    needed = {KEYS.get(name, name) for name in imported(package) - WITHOUT_KEY - OPTIONAL}
    if package == "multigen_core":
        needed |= {topic.type.split("/")[0] for topic in TOPICS} | {"builtin_interfaces"}
    assert dependencies(package) == needed


def test_what_rosdep_does_not_know_is_in_the_requirements():
    lines = (ROOT / "requirements/base.txt").read_text().splitlines()
    assert set(lines) >= WITHOUT_KEY

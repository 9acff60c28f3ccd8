"""The packages depend on each other, and on ROS, only as the design allows."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = ROOT / "ros2_ws" / "src"
FUNCTIONAL = (
    "multigen_sim", "multigen_audio", "multigen_policy", "multigen_robot", "multigen_view",
)  # fmt: skip
PACKAGES = ("multigen_core", "multigen_launch", *FUNCTIONAL)
ROS = ("rclpy", "multigen_interfaces", "rcl_interfaces", "builtin_interfaces", "lifecycle_msgs")
GROUND_TRUTH_NAMES = {"LIQUID_STATE", "POUR_STATE", "AUDIO_VIEW"}

MODULES = [
    pytest.param(package, path, id=str(path.relative_to(SOURCES / package)))
    for package in PACKAGES
    for path in sorted((SOURCES / package / package).rglob("*.py"))
]


def imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def is_ros(name: str) -> bool:
    top = name.split(".")[0]
    return top in ROS or top.endswith(("_msgs", "_srvs"))


def test_modules_are_found():
    assert len(MODULES) > 30


@pytest.mark.parametrize(("package", "path"), MODULES)
def test_functional_packages_import_only_core(package, path):
    others = {name.split(".")[0] for name in imports(path)} & set(PACKAGES)
    assert others <= {package, "multigen_core"}


@pytest.mark.parametrize(("package", "path"), MODULES)
def test_ros_is_imported_only_by_nodes_and_the_ros_helpers(package, path):
    if path.name.endswith("_node.py") or path.parent.name == "ros":
        return
    assert not {name for name in imports(path) if is_ros(name)}


@pytest.mark.parametrize(
    "path",
    sorted((SOURCES / "multigen_policy" / "multigen_policy").glob("*_node.py")),
    ids=lambda path: path.name,
)
def test_policy_nodes_name_no_ground_truth(path):
    tree = ast.parse(path.read_text())
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    used |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert not used & GROUND_TRUTH_NAMES
    strings = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert not [text for text in strings if "liquid_state" in text or "pour_state" in text]


def assigned(source: str) -> set[str]:
    """The names that a source assigns on `self`."""
    targets = (
        target
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    )
    return {
        target.attr
        for target in targets
        if isinstance(target, ast.Attribute)
        and isinstance(target.value, ast.Name)
        and target.value.id == "self"
    }


@pytest.mark.parametrize(
    "path", [param.values[1] for param in MODULES if param.values[1].name.endswith("_node.py")]
)
def test_nodes_hide_no_attribute_of_rclpys(path):
    node = pytest.importorskip("rclpy.node")
    lifecycle = pytest.importorskip("rclpy.lifecycle.node")
    of_rclpy = assigned(Path(node.__file__).read_text())
    of_rclpy |= assigned(Path(lifecycle.__file__).read_text())
    assert "_parameters" in of_rclpy
    assert not assigned(path.read_text()) & of_rclpy


@pytest.mark.parametrize(("package", "path"), MODULES)
def test_no_file_is_longer_than_a_reader_bears(package, path):
    assert len(path.read_text().splitlines()) <= 300

"""Folders depend on each other in one direction."""

import ast
from collections import defaultdict
from graphlib import TopologicalSorter
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "multigen_audio"


def folder(module: str) -> str:
    """The folder of a module of the package, or the module itself if it is in none."""
    path = PACKAGE.joinpath(*module.split(".")[1:])
    return ".".join((path if path.is_dir() else path.parent).relative_to(PACKAGE).parts) or module


def imported(path: Path) -> set[str]:
    """Modules of the package that a file imports; a name from a package may be a module."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {
        name
        for name in found
        if name.startswith("multigen_audio.")
        and PACKAGE.joinpath(*name.split(".")[1:]).with_suffix(".py").exists()
    }


def test_no_folder_imports_what_imports_it():
    graph = defaultdict(set)
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        module = ".".join(("multigen_audio", *parts)).removesuffix(".__init__")
        graph[folder(module)] |= {folder(name) for name in imported(path)} - {folder(module)}
    assert {"flow", "flow.networks", "physical", "recorded", "quality"} <= set(graph)
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle

"""The package's folders depend on each other in one direction."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import multigen_sim

ROOT = Path(multigen_sim.__file__).parent


def folders_imported_by(folder):
    nodes = [node for path in folder.glob("*.py") for node in ast.walk(ast.parse(path.read_text()))]
    modules = [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    modules += [a.name for node in nodes if isinstance(node, ast.Import) for a in node.names]
    return {name.split(".")[1] for name in modules if name.startswith("multigen_sim.")}


def test_folders_import_each_other_in_no_circle_and_the_views_import_none():
    folders = [path.parent for path in ROOT.glob("*/__init__.py")]
    graph = {folder.name: folders_imported_by(folder) - {folder.name} for folder in folders}
    TopologicalSorter(graph).prepare()
    assert graph["views"] == set()

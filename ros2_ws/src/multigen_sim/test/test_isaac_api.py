"""Every call of Isaac Sim in the worker, against signatures read in its public source.

`isaac_api.json` holds, for each class or module, what the worker uses: parameters by version, or
that it is a property. They are those of the tags v5.0.0, v5.1.0 and v6.0.1 of isaac-sim/IsaacSim;
of Kit's and PhysX's bindings where the module is theirs.
"""

import ast
import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest

import multigen_sim.isaac.worker

HERE = Path(__file__).parent
WORKER = Path(multigen_sim.isaac.worker.__file__).parent
API = json.loads((HERE / "isaac_api.json").read_text())
VERSIONS = ("5.0.0", "5.1.0", "6.0.1")
FOREIGN = ("isaacsim", "omni", "carb", "pxr")
IMPORTER = "isaacsim.asset.importer.urdf"
ONLY_SOME = (f"{IMPORTER}.", "isaacsim.core.simulation_manager.SimulationManager")
"""Of which the worker asks first whether they are there."""
RECEIVERS = {
    "self._app": "isaacsim.SimulationApp",
    "World": "isaacsim.core.api.World",
    "world": "isaacsim.core.api.World",
    "self._world": "isaacsim.core.api.World",
    "world.scene": "isaacsim.core.api.Scene",
    "context": "isaacsim.core.api.PhysicsContext",
    "arm": "isaacsim.core.prims.SingleArticulation",
    "self._arm": "isaacsim.core.prims.SingleArticulation",
    "self._held": "isaacsim.core.prims.SingleRigidPrim",
    "SimulationManager": "isaacsim.core.simulation_manager.SimulationManager",
    "camera": "isaacsim.sensors.camera.Camera",
    "self._camera": "isaacsim.sensors.camera.Camera",
    "carb.settings": "carb.settings",
    "settings": "carb.settings.ISettings",
    "omni.kit.commands": "omni.kit.commands",
    "omni.physx": "omni.physx",
    "omni.physx.get_physx_interface()": "omni.physx.IPhysx",
    "URDFImporter(config)": f"{IMPORTER}.URDFImporter",
}
"""What expressions of the worker are, by the file's own names."""
SOURCES = [
    WORKER / f"{name}.py" for name in ("world", "physics", "robot", "picture", "stage", "usd")
]


def tree(path):
    return ast.parse(path.read_text())


def owner_of(module, name):
    """The table's entry and member of an imported name."""
    full = f"{module}.{name}"
    return (full, "__init__") if full in API else (module, name)


def uses(path):
    """(owner, member, call or None, line) of all that a file uses of Isaac Sim."""
    nodes = list(ast.walk(tree(path)))
    names = {}
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in FOREIGN[:3]:
            names |= {alias.name: owner_of(node.module, alias.name) for alias in node.names}
    calls = {id(node.func): node for node in nodes if isinstance(node, ast.Call)}
    for node in nodes:
        if isinstance(node, ast.Name) and node.id in names and id(node) in calls:
            yield *names[node.id], calls[id(node)], node.lineno
        if isinstance(node, ast.Attribute):
            owner = RECEIVERS.get(ast.unparse(node.value))
            if path.name == "robot.py" and ast.unparse(node.value) == "config":
                owner = f"{IMPORTER}.ImportConfig"
            if owner and f"{owner}.{node.attr}" not in API:
                yield owner, node.attr, calls.get(id(node)), node.lineno


def signature(parameters):
    return inspect.signature(eval(f"lambda {parameters}: None"))


def versions_of(owner, member):
    found = {}
    for versions, parameters in API[owner][member].items():
        found |= dict.fromkeys(versions.split(), parameters)
    return found


ALL = [(path.name, *use) for path in SOURCES for use in uses(path)]


def test_many_uses_are_found():
    assert len(ALL) > 50


@pytest.mark.parametrize(
    ("file", "owner", "member", "call", "line"),
    ALL,
    ids=[f"{file}:{line}-{member}" for file, _, member, _, line in ALL],
)
def test_each_use_exists_with_these_arguments_in_each_version(file, owner, member, call, line):
    assert member in API.get(owner, {}), f"{owner} has no {member} in the table"
    found = versions_of(owner, member)
    if not owner.startswith(ONLY_SOME):
        assert tuple(found) == VERSIONS
    for version, parameters in found.items():
        assert (parameters == "property") == (call is None), version
        if call is not None:
            assert all(keyword.arg for keyword in call.keywords)
            keywords = {keyword.arg: None for keyword in call.keywords}
            signature(parameters).bind(*call.args, **keywords)


def test_the_table_holds_nothing_that_the_worker_does_not_use():
    used = {(owner, member) for _, owner, member, _, _ in ALL}
    # The world initialises what was added to its scene.
    used.add(("isaacsim.core.prims.SingleArticulation", "initialize"))
    assert used == {(owner, member) for owner, members in API.items() for member in members}


def defined_in_fake():
    """(owner, member, function) of the fake modules."""
    root = HERE / "fake_isaac"
    for path in sorted(root.rglob("*.py")):
        module = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
        if module.startswith("fake_"):
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef) and f"{module}.{node.name}" not in API:
                yield module, node.name, node
            if isinstance(node, ast.ClassDef):
                yield from (
                    (f"{module}.{node.name}", item.name, item)
                    for item in ast.walk(node)
                    if isinstance(item, ast.FunctionDef)
                )


FAKE = [
    (owner, member, function)
    for owner, member, function in defined_in_fake()
    if member in API.get(owner, {})
]


def test_the_fake_has_all_that_the_table_has():
    attributes = f"{IMPORTER}.ImportConfig"
    found = {(owner, member) for owner, member, _ in FAKE}
    # A dataclass and slots, checked where they are used.
    found |= {(f"{IMPORTER}.URDFImporterConfig", "__init__")}
    found |= {(attributes, member) for member in API[attributes]}
    assert found == {(owner, member) for owner, members in API.items() for member in members}


@pytest.mark.parametrize(
    ("owner", "member", "function"), FAKE, ids=[f"{owner}.{member}" for owner, member, _ in FAKE]
)
def test_the_fake_takes_no_argument_that_a_version_does_not(owner, member, function):
    is_property = any(ast.unparse(one) == "property" for one in function.decorator_list)
    function.args.args = [arg for arg in function.args.args if arg.arg not in ("self", "cls")]
    mine = signature(ast.unparse(function.args)).parameters
    for version, parameters in versions_of(owner, member).items():
        assert (parameters == "property") == is_property
        if not is_property:
            theirs = list(signature(parameters).parameters.values())
            assert list(mine.values()) == theirs[: len(mine)], version
            assert all(
                p.default is not p.empty for p in theirs[len(mine) :] if p.kind != p.VAR_KEYWORD
            )


@pytest.mark.parametrize("path", sorted(WORKER.glob("*.py")), ids=lambda path: path.name)
def test_the_worker_imports_isaac_sim_only_in_functions_and_multigen_never(path):
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom | ast.Import):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [
                alias.name for alias in node.names
            ]  # fmt: skip
            roots = {name.split(".")[0] for name in names if not getattr(node, "level", 0)}
            assert not {root for root in roots if root.startswith("multigen_")} - {"multigen_isaac"}
            if node.col_offset == 0:
                assert not roots & set(FOREIGN)
                assert roots <= {*sys.stdlib_module_names, "numpy", ""}


def test_the_backend_and_its_worker_import_where_there_is_no_isaac_sim():
    program = (
        "import sys\n"
        "sys.modules.update(dict.fromkeys(('isaacsim', 'omni', 'carb', 'pxr')))\n"
        "import multigen_sim.isaac.simulator, multigen_sim.isaac.worker.serve\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_nothing_accepts_a_licence():
    text = "".join(path.read_text() for path in WORKER.parent.rglob("*.py"))
    assert "ACCEPT_EULA" not in text.replace(r"|ACCEPT_EULA", "")
    assert "PRIVACY_CONSENT" not in text

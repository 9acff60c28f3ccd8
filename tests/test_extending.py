"""What docs/extending.md promises, done from a temporary folder."""

import shutil
import sys
import textwrap
from importlib.metadata import entry_points
from pathlib import Path

import numpy as np
import pytest
import yaml

from multigen_core.arm import Arm
from multigen_core.config.yaml_file import ConfigError, share_directory
from multigen_core.policy import PolicyConfig, make_policy, policy_names
from multigen_core.simulator import make_simulator
from multigen_core.station import Station
from multigen_core.station.pour_path import plan_pour
from multigen_core.synthesizer import SynthesizerConfig, make_synthesizer, synthesizer_names
from multigen_core.world.catalogue import vessel
from multigen_core.world.material import material
from multigen_core.world.scene import Scene, load_scene
from multigen_core.world.wetting import Wetting
from multigen_policy.evaluation import evaluate
from multigen_policy.evaluation.results import summary
from multigen_policy.rollouts.closed_loop import Job, run_job

DOCUMENT = Path(__file__).parents[1] / "docs/extending.md"
MUG = {
    "description": "a tall mug",
    "profile": [[0, 0.030], [0.002, 0.036], [0.115, 0.038]],
    "wall": 0.004,
    "mass": 0.35,
    "material": "ceramic",
    "opaque": True,
}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Installs a module with entry points for the length of a test."""

    def install(name, code, **groups):
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(code))
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        lines = [f"[multigen.{group}]\n{entry}\n" for group, entry in groups.items()]
        (info / "entry_points.txt").write_text("".join(lines))
        monkeypatch.syspath_prepend(tmp_path)

    yield install
    for name in [name for name in sys.modules if name.startswith("my_")]:
        del sys.modules[name]


@pytest.fixture
def scene_file(tmp_path):
    def write(**data):
        path = tmp_path / "mine.yaml"
        path.write_text(yaml.safe_dump(data))
        return str(path)

    return write


def test_a_vessel_and_a_liquid_need_only_a_scene_file(scene_file, tmp_path):
    (tmp_path / "mug.yaml").write_text(yaml.safe_dump(MUG))
    lemonade = {
        "description": "lemonade", "density": 1040, "viscosity": 0.0012, "surface_tension": 0.07,
        "colour": [0.9, 0.9, 0.5, 0.3],
    }  # fmt: skip
    scene = scene_file(target={"vessel": "mug.yaml"}, liquid={"name": "lemonade", **lemonade})
    result = run_job(Job(scene, 0, "expert", "silent", low=100, high=100))
    assert (result["target_vessel"], result["liquid"]) == ("mug", "lemonade")
    assert result["relative_error"] < 0.05


def test_a_material_is_an_entry_of_one_file(tmp_path, monkeypatch):
    share = tmp_path / "share/multigen_core"
    shutil.copytree(share_directory("multigen_core") / "config", share / "config")
    entry = {**material("glass").model_dump(exclude={"name"}), "sounds_like": "glass"}
    with (share / "config/materials.yaml").open("a") as file:
        yaml.safe_dump({"crystal": {**entry, "young": 7.3e10, "section": [200, 220, 230]}}, file)
    with pytest.raises(ConfigError, match=r"material: .*unknown material 'crystal'; known: glass"):
        load_scene_with(tmp_path, "crystal")
    monkeypatch.setenv("AMENT_PREFIX_PATH", f"{tmp_path}:{sys.prefix}")
    goblet = load_scene_with(tmp_path, "crystal").target.vessel
    assert Wetting.of(goblet, Scene().liquid).advancing > 0
    assert material(goblet.material).kind == "glass"


def load_scene_with(folder, name):
    path = folder / "goblet.yaml"
    path.write_text(yaml.safe_dump({"target": {"vessel": {**MUG, "material": name}}}))
    return load_scene(path, 0)


def test_a_scene_is_a_file_given_by_its_path(scene_file):
    scene = load_scene(scene_file(source={"volume_ml": {"uniform": [200, 300]}}), 3)
    assert 200 <= scene.source.volume_ml <= 300


def test_a_synthesizer_is_an_entry_point(package):
    package(
        "my_synthesis",
        """
        from multigen_core.synthesizer import Silent

        def whisper(config):
            return Silent(config.sample_rate)
        """,
        synthesizers="whisper = my_synthesis:whisper",
    )
    assert "whisper" in synthesizer_names()
    assert make_synthesizer(SynthesizerConfig("whisper")).sample_rate == 16_000
    assert run_job(Job("default", 0, "expert", "whisper", low=60, high=60))["audio_gaps"] == 0


def test_a_policy_is_an_entry_point_and_is_evaluated_like_any_other(package):
    package(
        "my_pouring",
        """
        from multigen_core.arm.trajectory import hold
        from multigen_core.policy import Decision
        from multigen_core.types import Outcome

        class Idle:
            senses = frozenset()

            def __init__(self, config):
                self.names = config.station.arm.names
                self.told = config.station

            def reset(self, goal):
                self.calls = 0

            def act(self, observation):
                self.calls += 1
                outcome = Outcome.SUCCEEDED if self.calls > 5 else Outcome.RUNNING
                still = hold(self.names, observation.joints.positions)
                return Decision(still, "idle", 0.0, outcome)
        """,
        policies="idle = my_pouring:Idle",
    )
    assert "idle" in policy_names()
    policy = make_policy(PolicyConfig(Station.of(Scene(), Arm.load()), "idle"))
    assert policy.told.target is None
    result = run_job(Job("default", 0, "idle", "silent"))
    assert (result["outcome"], result["poured_ml"]) == ("succeeded", 0.0)
    assert result["refused_commands"] == 0


def test_a_simulator_backend_is_an_entry_point(package):
    package(
        "my_physics",
        """
        class Still:
            timestep = 0.001

            def __init__(self, arm):
                self.arm = arm
        """,
        simulators="still = my_physics:Still",
    )
    assert make_simulator("still", Arm.load()).arm.name == Arm.load().name


def test_a_device_is_any_node_on_the_contracts_topic(start, peer, wait, tmp_path):
    from multigen_core import contract
    from multigen_core.ros.node import subscribe

    (tmp_path / "hydrophone.py").write_text(
        textwrap.dedent(
            """
            import numpy as np
            from rclpy.node import Node

            from multigen_core import contract
            from multigen_core.ros.node import publisher, run
            from multigen_core.types import AudioChunk

            class Hydrophone(Node):
                def __init__(self):
                    super().__init__("hydrophone")
                    self._sound = publisher(self, contract.AUDIO)
                    self.create_timer(0.02, self._hear)

                def _hear(self):
                    now = self.get_clock().now().nanoseconds
                    self._sound.send(AudioChunk(now, np.full(320, 0.25, np.float32), 16_000))

            run(Hydrophone)
            """
        )
    )
    heard = []
    subscribe(peer, contract.AUDIO, heard.append)
    start(sys.executable, str(tmp_path / "hydrophone.py"))
    wait(lambda: heard, "the device's sound")
    np.testing.assert_allclose(heard[0].samples, 0.25, atol=1e-4)


def test_a_metric_is_an_entry_point_and_stands_in_every_result(package, monkeypatch):
    package(
        "my_metrics",
        """
        def flow_peak(episode, span):
            flows = [s.outflow_rate for s in episode.liquid if span.start <= s.stamp <= span.end]
            return 1e6 * max(flows)
        """,
        metrics="flow_peak = my_metrics:flow_peak",
    )
    evaluate.metrics.cache_clear()
    try:
        result = run_job(Job("default", 0, "expert", "silent", low=60, high=60))
        assert 10 < result["flow_peak"] < 60
        assert summary([result])["metrics"]["flow_peak"]["value"] == result["flow_peak"]
    finally:
        evaluate.metrics.cache_clear()


def test_an_arm_is_a_file(tmp_path):
    shipped = share_directory("multigen_core") / "config/arms/gen3.yaml"
    description = yaml.safe_load(shipped.read_text())
    longer = [*description["tool_xyz"][:2], description["tool_xyz"][2] + 0.03]
    path = tmp_path / "longer.yaml"
    path.write_text(yaml.safe_dump({**description, "name": "longer", "tool_xyz": longer}))
    arm = Arm.load(path)
    assert arm.name == "longer"
    ours = plan_pour(Station.of(Scene(), arm)).at(1.0)
    assert not np.allclose(ours, plan_pour(Station.of(Scene(), Arm.load())).at(1.0))


def test_the_page_names_every_seam():
    page = DOCUMENT.read_text()
    groups = {group for group in entry_points().groups if group.startswith("multigen.")}
    seams = groups - {
        "multigen.commands", "multigen.checks", "multigen.check_options", "multigen.benches",
        "multigen.nodes",
    }  # fmt: skip
    assert seams == {
        "multigen.metrics", "multigen.policies", "multigen.simulators", "multigen.synthesizers",
    }  # fmt: skip
    for seam in seams:
        assert f'"{seam}"' in page
    assert vessel("mug").material in page

import json

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from multigen_core.config.yaml_file import ConfigError
from multigen_core.world.catalogue import liquid, name_of, reference, vessel
from multigen_core.world.scene import CameraSpec, Scene, draw, load_scene


@pytest.fixture
def scene_file(tmp_path):
    def write(data):
        path = tmp_path / "scene.yaml"
        path.write_text(yaml.safe_dump(data))
        return path

    return write


def test_seed_reproduces_a_scene_and_another_differs():
    assert load_scene("randomised", 4) == load_scene("randomised", 4)
    assert load_scene("randomised", 4) != load_scene("randomised", 5)


def test_empty_scene_is_the_default(scene_file):
    scene = load_scene(scene_file({}), 0)
    assert scene == Scene(name="scene")


def test_shipped_scenes_are_found_by_name_and_others_are_listed():
    assert load_scene("opaque", 0).target.vessel == vessel("steel_cup")
    with pytest.raises(ConfigError, match=r"nowhere.*default.*randomised"):
        load_scene("nowhere", 0)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"target": {"vessel": "chalice"}}, r"unknown vessel 'chalice'"),
        ({"liquid": "mercury"}, r"unknown liquid 'mercury'"),
        ({"source": {"volume_ml": 5000}}, r"source.volume_ml 5000 is above the brim: beaker holds"),
        ({"target": {"volume_ml": 900}}, r"target.volume_ml 900 is above the brim"),
        ({"source": {"grasp_height": 0.4}}, r"above the vessel's mouth"),
        ({"sauce": {}}, r"sauce: unknown key; valid keys: .*source"),
        ({"camera": {"vertical_fov": 200}}, r"camera.vertical_fov"),
        ({"camera": {"position": [0, 0, 1], "look_at": [0, 0, 0]}}, r"directly above"),
        (
            {"liquid": {"uniform": [2, 1]}},
            r"liquid: uniform takes \[low, high\], finite and low ≤ high",
        ),
        ({"liquid": {"uniform": "water"}}, r"liquid: uniform takes \[low, high\]"),
        ({"liquid": {"choice": []}}, r"liquid: choice takes a list"),
        (["water"], r"expected a mapping"),
    ],
)
def test_wrong_scenes_are_one_line_that_names_the_fault(scene_file, data, message):
    with pytest.raises(ConfigError, match=message) as caught:
        load_scene(scene_file(data), 0)
    assert "\n" not in str(caught.value)
    assert "scene.yaml" in str(caught.value)


@given(st.integers(0, 2**32 - 1))
def test_draws_lie_within_their_ranges(seed):
    spec = {
        "a": {"uniform": [1, 2]},
        "b": [{"uniform": [[0, 5], [1, 6]]}],
        "c": {"choice": ["x", 7]},
    }
    drawn = draw(spec, np.random.default_rng(seed))
    assert 1 <= drawn["a"] <= 2
    assert 0 <= drawn["b"][0][0] <= 1
    assert 5 <= drawn["b"][0][1] <= 6
    assert drawn["c"] in ("x", 7)


numbers = st.floats(-1.0, 1.0)


@settings(max_examples=50)
@given(st.tuples(numbers, numbers, numbers), st.tuples(numbers, numbers, numbers))
def test_camera_pose_looks_at_its_point_with_the_horizon_level(position, look_at):
    x, y, _ = np.subtract(look_at, position)
    if np.hypot(x, y) < 0.01:
        return
    camera = CameraSpec(position=position, look_at=look_at)
    pose = camera.pose
    assert pose[:3, :3] @ pose[:3, :3].T == pytest.approx(np.eye(3), abs=1e-9)
    assert np.linalg.det(pose[:3, :3]) == pytest.approx(1.0)
    seen = np.linalg.inv(pose) @ [*look_at, 1.0]
    assert seen[:2] == pytest.approx([0.0, 0.0], abs=1e-9)
    assert seen[2] > 0
    assert pose[2, 0] == pytest.approx(0.0, abs=1e-12)
    assert pose[2, 1] <= 0


def test_a_rolled_camera_looks_the_same_way_with_its_right_side_lower():
    level, rolled = CameraSpec().pose, CameraSpec(roll=10.0).pose
    np.testing.assert_allclose(rolled[:3, 2:], level[:3, 2:])
    assert rolled[2, 0] == pytest.approx(np.sin(np.radians(10)) * level[2, 1])
    np.testing.assert_allclose(rolled[:3, :3].T @ rolled[:3, :3], np.eye(3), atol=1e-12)


def test_camera_calibration_has_the_field_of_view():
    camera = CameraSpec(vertical_fov=60.0, width=400, height=300)
    calibration = camera.calibration
    half = np.arctan(150 / calibration.matrix[1, 1])
    assert np.degrees(2 * half) == pytest.approx(60.0)
    assert calibration.matrix[0, 2] == 199.5


INLINE = {
    "description": "a cup",
    "profile": [[0, 0.03], [0.1, {"uniform": [0.03, 0.04]}]],
    "wall": 0.002,
    "mass": 0.1,
    "material": "glass",
    "opaque": False,
}


def test_a_scene_may_describe_its_vessels_and_liquid_in_place(scene_file):
    drink = {**liquid("water").model_dump(), "name": "lemonade", "viscosity": 0.0012}
    scene = load_scene(scene_file({"target": {"vessel": INLINE}, "liquid": drink}), 3)
    assert scene.target.vessel.name == "inline"
    assert 0.03 <= scene.target.vessel.mouth_radius <= 0.04
    assert (scene.liquid.name, scene.liquid.viscosity) == ("lemonade", 0.0012)
    with pytest.raises(ConfigError, match=r"target\.vessel\.wall: .*greater than 0"):
        load_scene(scene_file({"target": {"vessel": {**INLINE, "wall": -1}}}), 0)


def test_a_drawn_scene_is_whole_in_its_json(scene_file):
    path = scene_file({"target": {"vessel": INLINE}})
    scene = load_scene(path, 3)
    path.unlink()
    text = scene.model_dump_json()
    assert Scene.model_validate_json(text) == scene
    held = json.loads(text)["source"]["vessel"]
    assert held["profile"] == [list(point) for point in scene.source.vessel.profile]


def test_a_reference_finds_its_vessel_by_name_or_whole(scene_file):
    scene = load_scene(scene_file({"target": {"vessel": INLINE}}), 3)
    assert reference(scene.source.vessel) == "beaker"
    whole = reference(scene.target.vessel)
    assert vessel(whole) == scene.target.vessel
    assert (name_of(whole), name_of("beaker")) == ("inline", "beaker")

import pytest

from multigen_core.config.yaml_file import (
    ConfigError,
    load_model,
    package_config,
    parse_yaml,
    validate,
)
from multigen_core.world.catalogue import vessel, vessels
from multigen_core.world.scene import Scene, draw, load_scene
from multigen_core.world.vessel import Vessel


def write(tmp_path, text):
    path = tmp_path / "scene.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("colour: red", r"scene\.yaml: colour: unknown key; valid keys: .*liquid"),
        ("liquid: lava", r"unknown liquid 'lava'; known: .*water"),
        ("target: {vessel: bucket}", r"unknown vessel 'bucket'; known: .*beaker"),
        ("source: {volume_ml: -5}", r"source\.volume_ml: .*greater than 0"),
        ("source: {volume_ml: 90000}", r"above the brim: beaker holds \d+ ml"),
        ("source: {grasp_height: 2.0}", "grasp_height is above the vessel's mouth"),
        ("camera: {width: 0}", r"camera\.width: .*16"),
        ("camera: {position: [0, {uniform: [2, 1]}, 0]}", r"camera\.position\[1\]: uniform takes"),
        ("camera: {position: [0, {uniform: [0, .inf]}, 0]}", r"position\[1\]: uniform .* finite"),
        ("camera: {position: [0, {uniform: [-1e308, 1e308]}, 0]}", "uniform takes .* finite"),
        ("liquid: {choice: []}", "liquid: choice takes a list"),
        ("liquid: {uniform: 3}", r"liquid: uniform takes \[low, high\]"),
        ("[1, 2]", "expected a mapping, got list"),
        ("a: b: c", "not valid YAML"),
    ],
)
def test_a_bad_scene_names_file_key_and_what_is_allowed(tmp_path, text, message):
    path = write(tmp_path, text)
    with pytest.raises(ConfigError, match=message) as caught:
        load_scene(path, 0)
    assert "scene.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["a: 2001-99-99", "a: !!int x", "a: !!int ''", "a: !!bool x", "a: !!timestamp x", "[" * 2000,
     "a: !!float x", "? [a]: b", "a: !!binary é", "a: \0", "a: \u2028b: c: d"],
)  # fmt: skip
def test_what_is_no_yaml_is_refused_in_one_line(text):
    with pytest.raises(ConfigError, match="not valid YAML") as caught:
        parse_yaml(text, "file")
    assert len(str(caught.value).splitlines()) == 1


def test_a_file_with_many_wrong_keys_names_some_of_them(tmp_path):
    path = write(tmp_path, "\n".join(f"key_{index}: 1" for index in range(50)))
    with pytest.raises(ConfigError, match=r"key_9: unknown key.*; and 40 more$"):
        load_scene(path, 0)


@pytest.mark.parametrize(
    "text",
    [
        "liquid: &a [*a, *a]",
        "a0: &a0 [1]\n"
        + "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)),
    ],
    ids=["itself", "again and again"],
)
def test_values_that_never_end_are_refused(tmp_path, text):
    with pytest.raises(ConfigError, match=r"scene\.yaml: .* aliases expand to more than"):
        load_scene(write(tmp_path, text), 0)


def test_a_message_is_one_line_whatever_it_quotes():
    assert str(ConfigError("a.yaml: one\n  two\u2028three")) == "a.yaml: one two three"


def test_an_unknown_scene_lists_the_shipped_ones():
    with pytest.raises(ConfigError, match=r"shipped scenes: .*default"):
        load_scene("moonbase", 0)


def test_a_seed_reproduces_the_scene_and_another_does_not(tmp_path):
    path = write(tmp_path, "source: {volume_ml: {uniform: [100, 300]}}\nliquid: {choice: [water]}")
    assert load_scene(path, 3) == load_scene(path, 3)
    assert load_scene(path, 3) != load_scene(path, 4)
    assert 100 <= load_scene(path, 3).source.volume_ml <= 300


def test_draw_leaves_plain_values_alone():
    import numpy as np

    data = {"a": [1, "x", {"b": None}], "c": {"uniform": 1, "other": 2}}
    assert draw(data, np.random.default_rng(0)) == data


def test_an_empty_file_is_the_default_scene(tmp_path):
    assert load_scene(write(tmp_path, ""), 0) == Scene(name="scene")


GOOD = {
    "description": "a test",
    "profile": [[0, 0.03], [0.1, 0.03]],
    "wall": 0.002,
    "mass": 0.1,
    "material": "glass",
    "opaque": False,
}


@pytest.mark.parametrize(
    ("profile", "message"),
    [
        ([[0.01, 0.03], [0.1, 0.03]], "not closed at the bottom"),
        ([[0, 0.03], [0.1, 0.03], [0.05, 0.02]], "z must increase"),
        ([[0, 0.03], [0.1, 0.0]], "no mouth"),
        ([[0, 0.03], [0.05, 0], [0.1, 0.03]], "closes between"),
        ([[0, 0.03], [9.0, 0.03]], "too large for the scene"),
        ([[0, -0.03], [0.1, 0.03]], "non-negative"),
        ([[0, 0.03]], "at least 2"),
    ],
)
def test_impossible_profiles_are_refused(profile, message):
    with pytest.raises(ConfigError, match=message):
        validate(Vessel, {**GOOD, "profile": profile}, "vessels.yaml: test")


def test_every_vessel_of_the_catalogue_inverts_its_volume():
    import numpy as np

    for solid in vessels().values():
        levels = np.linspace(0, solid.height, 17)
        np.testing.assert_allclose(solid.level(solid.volume(levels)), levels, atol=1e-9)
        assert 2e-5 < solid.capacity < 5e-3, solid.name


def test_volume_of_a_cone_is_the_closed_form():
    import numpy as np

    cone = validate(Vessel, {**GOOD, "profile": [[0, 0], [0.12, 0.04]]}, "test")
    assert cone.capacity == pytest.approx(np.pi * 0.04**2 * 0.12 / 3, rel=1e-9)
    assert cone.volume(0.06) == pytest.approx(cone.capacity / 8, rel=1e-4)


def test_an_unknown_vessel_lists_the_catalogue():
    with pytest.raises(ConfigError, match=r"unknown vessel 'amphora'; known: .*mug"):
        vessel("amphora")


def test_a_missing_package_says_how_to_get_it(monkeypatch):
    monkeypatch.setenv("AMENT_PREFIX_PATH", "/nowhere")
    with pytest.raises(ConfigError, match="make build"):
        package_config("multigen_core", "arms", "gen3")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match="No such file"):
        load_model(Vessel, tmp_path / "none.yaml")

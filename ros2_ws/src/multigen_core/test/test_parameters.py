"""Parameters of a node as a dataclass, on a real node."""

from dataclasses import dataclass

import pytest
import rclpy
from rclpy.parameter import Parameter

from multigen_core.errors import MultigenError
from multigen_core.ros.parameters import declare, parameter


@dataclass(frozen=True)
class Sample:
    scene: str = parameter("default", "What to show")
    rate: float = parameter(10.0, "How often", 1.0, 50.0)
    seed: int = parameter(0, "Where to begin", 0)
    loud: bool = parameter(True, "Whether it sounds")
    mode: str = parameter("a", "Which way", choices=("a", "b"))
    where: str = parameter("cpu", "Where it computes: cpu or cuda", pattern="cpu|cuda")


@pytest.fixture
def declared(domain):
    context = rclpy.Context()
    rclpy.init(context=context, domain_id=domain)
    nodes = []

    def make(**values):
        overrides = [Parameter(name, value=value) for name, value in values.items()]
        nodes.append(rclpy.create_node("sample", context=context, parameter_overrides=overrides))
        return declare(nodes[-1], Sample), nodes[-1]

    yield make
    for node in nodes:
        node.destroy_node()
    rclpy.shutdown(context=context)


def test_defaults_and_overrides(declared):
    values, _ = declared(scene="wide", rate=20.0)
    assert values == Sample(scene="wide", rate=20.0)


def test_a_tilde_is_the_home_directory(declared, monkeypatch):
    monkeypatch.setenv("HOME", "/home/pourer")
    assert declared(scene="~/table.yaml")[0].scene == "/home/pourer/table.yaml"


def test_a_whole_number_serves_for_a_float(declared):
    values, _ = declared(rate=20)
    assert values.rate == 20.0
    assert isinstance(values.rate, float)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"rate": 99.0}, "rate: 99.0 is not between 1.0 and 50.0"),
        ({"rate": 99}, "rate: 99.* is not between 1.0 and 50.0"),
        ({"rate": float("nan")}, "rate: nan is not between 1.0 and 50.0"),
        ({"rate": "fast"}, "rate"),
        ({"scene": 0}, "scene: 0 is not text; quote it twice: -p scene:=\"'0'\""),
        ({"loud": "on"}, "loud: 'on' is not true or false"),
        ({"seed": -1}, "seed: -1 is not at least 0"),
        ({"seed": 1.5}, "seed"),
        ({"mode": "c"}, "mode: 'c' is not one of a, b"),
        ({"loud": "yes"}, "loud"),
        ({"where": "tpu"}, "where: 'tpu' is invalid; Where it computes: cpu or cuda"),
    ],
)
def test_bad_values_are_named(declared, given, message):
    with pytest.raises(MultigenError, match=message):
        declared(**given)


def test_descriptors_tell_users_what_a_parameter_is(declared):
    _, node = declared()
    descriptor = node.describe_parameter("rate")
    assert descriptor.description == "How often"
    assert descriptor.read_only
    assert descriptor.floating_point_range[0].to_value == 50.0
    assert node.describe_parameter("mode").additional_constraints == "one of a, b"


def test_an_unknown_name_is_warned_of_with_the_one_that_was_meant(declared, capfd):
    declared(seeed=3, **{"qos_overrides./audio.publisher.depth": 5})
    output = capfd.readouterr().err
    assert "unknown parameter seeed is ignored; did you mean seed?" in output
    assert "qos_overrides" not in output

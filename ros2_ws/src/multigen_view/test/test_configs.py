"""The files for RViz and Foxglove name what the contract has."""

import json
import re
from pathlib import Path

import pytest
import yaml

from multigen_core.bags.typestore import typestore
from multigen_core.contract import TOPICS

CONFIG = Path(__file__).parents[1] / "config"
BY_NAME = {f"/{topic.name.lstrip('/')}": topic for topic in TOPICS}
LAYOUT = json.loads((CONFIG / "foxglove.json").read_text())


def strings(part):
    """Every text in a JSON or YAML document."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict):
        for value in part.values():
            yield from strings(value)
    elif isinstance(part, list):
        for item in part:
            yield from strings(item)


PATHS = sorted({text for text in strings(LAYOUT["configById"]) if text.startswith("/")})


@pytest.mark.parametrize("path", PATHS)
def test_foxglove_finds_every_topic_and_field(path):
    name, _, field = path.partition(".")
    topic = BY_NAME[name]
    if field:
        fields = {field for field, _ in typestore().fielddefs[topic.type][1]}
        assert re.sub(r"\[.*\]", "", field) in fields


def leaves(node):
    if isinstance(node, str):
        return [node]
    return leaves(node["first"]) + leaves(node["second"])


def test_every_panel_of_the_layout_is_configured_and_placed_once():
    assert len(PATHS) > 10
    assert sorted(leaves(LAYOUT["layout"])) == sorted(LAYOUT["configById"])


def displays():
    content = yaml.safe_load((CONFIG / "multigen.rviz").read_text())
    return [item for item in content["Visualization Manager"]["Displays"] if "Topic" in item]


def test_rviz_subscribes_to_the_contracts_topics_with_what_they_offer():
    assert {item["Name"] for item in displays()} >= {"Policy camera", "Hearing view"}
    for item in displays():
        topic = BY_NAME[f"/{item['Topic']['Value']}"]
        reliable = item["Topic"]["Reliability Policy"] == "Reliable"
        assert topic.publish.reliable or not reliable
        assert item["Class"] == f"rviz_default_plugins/{topic.type.split('/')[-1]}"

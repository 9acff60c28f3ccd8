"""docs/contract.md says what the code does."""

import subprocess
import sys
from pathlib import Path

from multigen_core.contract import TOPICS

ROOT = Path(__file__).parents[1]


def test_the_documented_table_is_the_codes():
    table = subprocess.run(
        [sys.executable, ROOT / "scripts" / "contract_table.py"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    page = (ROOT / "docs" / "contract.md").read_text()
    assert page.split("<!-- table -->\n")[1].split("<!-- end -->")[0] == table, (
        "run scripts/contract_table.py and put its output between the marks of docs/contract.md"
    )


def test_every_type_exists_in_this_installation():
    from multigen_core.ros.factory import message_class

    for topic in TOPICS:
        assert message_class(topic.type)


def test_reliable_subscribers_have_reliable_publishers():
    for topic in TOPICS:
        if topic.subscribe.reliable:
            assert topic.publish.reliable, topic.name
        if topic.subscribe.latched:
            assert topic.publish.latched, topic.name


def test_ground_truth_is_never_given_to_the_policy():
    for topic in TOPICS:
        if topic.ground_truth:
            assert "policy" not in topic.subscribers, topic.name


def test_no_command_reaches_the_arm_but_through_the_guard():
    senders = {topic.name: topic.sim for topic in TOPICS if topic.command}
    assert senders["joint_trajectory_controller/joint_trajectory"] == "arm_guard"

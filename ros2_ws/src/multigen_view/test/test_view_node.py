"""The view node beside a graph: what it serves, and that nothing depends on it."""

import os
import re
import socket
import urllib.error
import urllib.request

import pytest

from multigen_core import contract
from multigen_core.ros.endpoints import publisher
from multigen_core.ros.factory import message_class
from multigen_core.types import PourProgress

BLOCKED = """
import sys

class Absent:
    def find_spec(self, name, *_):
        if name.partition(".")[0] == "rerun":
            raise ModuleNotFoundError("No module named 'rerun'")

sys.meta_path.insert(0, Absent())
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def view(start_node, wait):
    """Starts the node; its process and the address that it prints."""

    def run(**parameters):
        process = start_node("multigen_view", "view", **parameters)
        wait(lambda: "open http" in process.output, "the address", 120.0)
        return process, re.search(r"open (http\S+)", process.output)[1]

    return run


class Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirection."""

    def redirect_request(self, *_):
        return None


def get(address, host=None):
    """Status, headers and body."""
    request = urllib.request.Request(address, headers={"Host": host} if host else {})
    try:
        with urllib.request.build_opener(Stay).open(request) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, b""


def test_the_page_finds_its_data_by_the_name_the_browser_uses_and_nothing_else(view):
    port = free_port()
    process, address = view(port=port)
    assert address == f"http://localhost:{port}/"
    status, headers, _ = get(address, host=f"robot.lab:{port}")
    assert status == 302
    data = re.search(r"robot\.lab%3A(\d+)%2Fproxy", headers["Location"])[1]
    status, headers, page = get(f"{address.rstrip('/')}{headers['Location']}", f"robot.lab:{port}")
    assert (status, headers["Content-Type"]) == (200, "text/html")
    assert b"re_viewer.js" in page
    policy = headers["Content-Security-Policy"]
    assert policy == f"connect-src 'self' http://robot.lab:{data}"
    assert get(f"{address}secrets.txt")[0] == 404
    assert process.end() == 0


def test_a_port_that_is_taken_is_replaced(view):
    with socket.socket() as other:
        other.bind(("", 0))
        other.listen()
        port = other.getsockname()[1]
        _, address = view(port=port)
    assert address != f"http://localhost:{port}/"
    assert get(address)[0] == 302


def test_it_listens_best_effort_and_publishes_nothing_but_its_log(view, peer, wait):
    progress = publisher(peer, contract.PROGRESS)
    view(port=free_port())
    wait(lambda: progress.subscribers, "the view")
    (about,) = peer.get_subscriptions_info_by_topic("pour/progress")
    assert about.node_name == "view"
    assert about.qos_profile.reliability.name == "BEST_EFFORT"
    names = {name for name, _ in peer.get_publisher_names_and_types_by_node("view", "/")}
    assert names <= {"/rosout", "/parameter_events"}
    assert not peer.get_service_names_and_types_by_node("view", "/")


def test_without_the_extra_it_says_what_to_install_and_ends_well(start_node, tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text(BLOCKED)
    paths = [str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    node = start_node("multigen_view", "view")
    assert node.wait(120.0) == 0, node.output
    (line,) = node.output.splitlines()
    assert line == ("view: needs rerun-sdk (No module named 'rerun'); run: scripts/setup.sh --view")


def test_a_malformed_message_is_named_and_the_view_goes_on(view, peer, wait):
    progress = publisher(peer, contract.PROGRESS)
    process, address = view(port=free_port())
    wait(lambda: progress.subscribers, "the view")

    def complains():
        progress.publish(message_class(contract.PROGRESS.type)(outcome="perhaps"))
        return "outcome 'perhaps'" in process.output

    wait(complains, "the complaint")
    progress.send(PourProgress(1, "pour", 1e-4))
    assert get(address)[0] == 302
    assert process.end() == 0

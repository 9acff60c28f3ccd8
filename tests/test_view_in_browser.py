"""What a person sees of a pour in a browser."""

import importlib.util
import re
import shutil
import time
from pathlib import Path
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest

from multigen_core import contract
from multigen_core.ros.endpoints import publisher
from multigen_core.types import CameraFrame, PourProgress

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.skipif(not CHROMIUM, reason="needs Chromium"),
    pytest.mark.xdist_group("stack"),
    pytest.mark.timeout(400),
]
MAGENTA = (250, 20, 200)
"""RGB; its hue is 157 in OpenCV's half degrees."""


def load_browser():
    """The tests are no package to import from."""
    spec = importlib.util.spec_from_file_location("browser", Path(__file__).with_name("browser.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Browser


def coloured(picture):
    """Pixels of about that hue; the viewer dims a picture while the next one is decoded."""
    hue, saturation, value = np.moveaxis(cv2.cvtColor(picture, cv2.COLOR_BGR2HSV).astype(int), 2, 0)
    return int(((abs(hue - 157) < 4) & (saturation > 200) & (value > 100)).sum())


@pytest.fixture
def camera(peer):
    """Publishes a picture of one colour ten times a second."""
    sender = publisher(peer, contract.IMAGE)
    progress = publisher(peer, contract.PROGRESS)
    rgb = np.full((240, 320, 3), MAGENTA, np.uint8)

    def show():
        sender.send(CameraFrame(time.time_ns(), rgb, contract.CAMERA_FRAME))
        progress.send(PourProgress(time.time_ns(), "pour", 1e-4))

    peer.create_timer(0.1, show)


def test_the_camera_is_seen_in_the_browser_and_nothing_is_asked_of_other_machines(
    start_node, camera, wait, tmp_path
):
    view = start_node("multigen_view", "view", port=9390)
    wait(lambda: "open http" in view.output, "the address", 120.0)
    address = re.search(r"open (http\S+)", view.output)[1]
    with load_browser()(CHROMIUM, tmp_path / "profile") as browser:
        browser.open(address)
        seen = browser.wait(lambda picture: coloured(picture) > 10_000, 240.0)
        cv2.imwrite(str(tmp_path / "view.png"), browser.picture())
        assert seen, f"see {tmp_path / 'view.png'}"
        hosts = {urlsplit(url).hostname for url in browser.requests}
        assert hosts <= {"localhost", "fonts.googleapis.com"}
    assert view.end() == 0

"""A headless browser, driven over its debugging pipe."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

_OPTIONS = (
    "--headless=new", "--no-sandbox", "--no-first-run", "--disable-background-networking",
    "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
    "--remote-debugging-pipe",
)  # fmt: skip


class BrowserError(Exception):
    """A command failed."""


class Browser:
    """Chromium with one page of `size` [pixels], rendered in software."""

    def __init__(self, executable: str, profile: Path, size: tuple[int, int] = (1280, 720)) -> None:
        ours_in, theirs_out = os.pipe()
        theirs_in, ours_out = os.pipe()

        def wire() -> None:
            # It reads commands from 3 and writes answers to 4; first out of their way.
            safe = [os.dup2(end, 50 + index) for index, end in enumerate((theirs_in, theirs_out))]
            os.dup2(safe[0], 3)
            os.dup2(safe[1], 4)

        self._child = subprocess.Popen(
            [executable, *_OPTIONS, f"--user-data-dir={profile}", "about:blank"],
            preexec_fn=wire,
            close_fds=False,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._read, self._write = ours_in, ours_out
        self._rest = b""
        self._count = 0
        self._session: str | None = None
        self.requests: list[str] = []
        """Addresses that the page asked for."""
        (page,) = (
            target
            for target in self.call("Target.getTargets")["targetInfos"]
            if target["type"] == "page"
        )
        attached = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)
        self._session = attached["sessionId"]
        self.call("Network.enable")
        width, height = size
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The result of a command of the DevTools protocol."""
        self._count += 1
        message: dict[str, Any] = {"id": self._count, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("method") == "Network.requestWillBeSent":
                self.requests.append(answer["params"]["request"]["url"])
            if answer.get("id") == self._count:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error']['message']}")
                return dict(answer["result"])

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            part = os.read(self._read, 1 << 20)
            if not part:
                raise ConnectionError("the browser is gone")
            self._rest += part
        message, self._rest = self._rest.split(b"\0", 1)
        return dict(json.loads(message))

    def open(self, address: str) -> None:
        """Go to a page."""
        self.call("Page.navigate", url=address)

    def picture(self) -> NDArray[np.uint8]:
        """What the page shows, BGR (H, W, 3)."""
        data = base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])
        return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), np.uint8)

    def wait(self, shown: Callable[[NDArray[np.uint8]], bool], patience: float) -> bool:
        """Whether `shown` is true of a picture before patience [s] ends."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            try:
                if shown(self.picture()):
                    return True
            except BrowserError:
                pass  # There is no picture yet while a page loads.
            time.sleep(1.0)
        return False

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._child.terminate()
        self._child.wait(20)
        os.close(self._read)
        os.close(self._write)

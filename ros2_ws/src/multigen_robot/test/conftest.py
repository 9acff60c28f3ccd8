"""Devices for tests: a video file, an MJPEG server, a virtual microphone."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2
import numpy as np
import pytest

WIDTH, HEIGHT = 160, 120


def draw(index: int) -> np.ndarray:
    """A BGR picture that tells its index by where its bright bar stands."""
    bgr = np.full((HEIGHT, WIDTH, 3), (40, 60, 90), np.uint8)
    bgr[:, 8 * (index % 20) : 8 * (index % 20) + 8] = 220
    return bgr


def read_index(rgb: np.ndarray) -> int:
    """The index, modulo 20, of a picture."""
    return int(rgb.mean(axis=(0, 2)).reshape(20, 8).mean(axis=1).argmax())


@pytest.fixture
def picture() -> Callable[[int], np.ndarray]:
    """Draws numbered pictures, BGR."""
    return draw


@pytest.fixture
def index_of() -> Callable[[np.ndarray], int]:
    """Reads the number, modulo 20, from a picture, RGB."""
    return read_index


@pytest.fixture
def video(tmp_path: Path) -> Callable[..., Path]:
    """Makes a video file of numbered pictures."""

    def make(count: int = 20, rate: float = 20.0) -> Path:
        path = tmp_path / "video.avi"
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), rate, (WIDTH, HEIGHT))
        for index in range(count):
            writer.write(draw(index))
        writer.release()
        return path

    return make


class MjpegServer:
    """Serves numbered pictures as multipart JPEG on loopback until it is stopped."""

    def __init__(self, port: int = 0, rate: float = 25.0) -> None:
        over = self._over = threading.Event()
        self.source = draw

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
                self.end_headers()
                index = 0
                while not over.is_set():
                    jpeg = cv2.imencode(".jpg", server.source(index))[1].tobytes()
                    head = f"Content-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                    try:
                        self.wfile.write(b"--frame\r\n" + head.encode() + jpeg + b"\r\n")
                    except OSError:
                        return
                    index += 1
                    time.sleep(1 / rate)

            def log_message(self, *args: object) -> None:
                pass

        server = self
        ThreadingHTTPServer.allow_reuse_address = True
        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/stream.mjpg"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Break off all connections and refuse new ones."""
        self._over.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def mjpeg() -> Iterator[Callable[..., MjpegServer]]:
    """Starts MJPEG servers."""
    servers: list[MjpegServer] = []

    def make(port: int = 0) -> MjpegServer:
        servers.append(MjpegServer(port))
        return servers[-1]

    yield make
    for server in servers:
        server.stop()


class VirtualMicrophone:
    """A PulseAudio server of its own: what is played to its sink is what its microphone hears."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._socket = folder / "pulse.sock"
        self.start()

    def start(self) -> None:
        """Start the server."""
        modules = (
            f"module-native-protocol-unix auth-anonymous=1 socket={self._socket}",
            "module-null-sink sink_name=vspk norewinds=1 rate=16000 channels=1",
            "module-remap-source master=vspk.monitor source_name=vmic",
        )
        self._server = subprocess.Popen(
            ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"]
            + [part for module in modules for part in ("-L", module)],
            env={**os.environ, "HOME": str(self._folder), "XDG_RUNTIME_DIR": str(self._folder)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 20.0
        while subprocess.run(["pactl", "info"], capture_output=True, check=False).returncode:
            if time.monotonic() > deadline or self._server.poll() is not None:
                pytest.skip("pulseaudio does not start here")
            time.sleep(0.05)
        for command in ("set-default-sink vspk", "set-default-source vmic"):
            subprocess.run(["pactl", *command.split()], check=True, capture_output=True)

    def play(self, path: Path) -> None:
        """Play a sound file and wait for its end."""
        subprocess.run(["paplay", "--device=vspk", str(path)], check=True, timeout=60)

    def mute(self) -> None:
        """Let the sink play nothing."""
        subprocess.run(["pactl", "set-sink-mute", "vspk", "1"], check=True)

    def unplug(self) -> None:
        """Kill the server."""
        self._server.send_signal(signal.SIGKILL)
        self._server.wait()
        self._socket.unlink(missing_ok=True)


@pytest.fixture
def virtual_microphone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[VirtualMicrophone]:
    """A virtual microphone, which PortAudio knows as 'pulse'."""
    missing = [tool for tool in ("pulseaudio", "pactl", "paplay") if not shutil.which(tool)]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (apt install pulseaudio)")
    monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path / 'pulse.sock'}")
    monkeypatch.setenv("PULSE_LATENCY_MSEC", "20")
    made = VirtualMicrophone(tmp_path)
    yield made
    made.unplug()

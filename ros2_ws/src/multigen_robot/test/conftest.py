"""Cameras for tests: a video file and an MJPEG server."""

from __future__ import annotations

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

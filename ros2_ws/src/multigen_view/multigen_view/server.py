"""Serves a recording to browsers."""

from __future__ import annotations

import os
import socket
import sys
from typing import NoReturn

import rerun as rr

from multigen_view.layout import layout
from multigen_view.page import serve_page


def free_port(port: int) -> int:
    """`port`, or any free one if it is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError:
            probe.bind(("", 0))
        return int(probe.getsockname()[1])


def leave(status: int) -> NoReturn:
    """Exit now: the viewer's servers would keep the process for seconds, and a launch with it."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def serve(recording: rr.RecordingStream, port: int, memory: int, hearing: bool = True) -> str:
    """Serve the viewer and the recording; return the address to open.

    Args:
        recording: what to show.
        port: of the page; the viewer and the data have others.
        memory: for what browsers have yet to fetch [MiB]; the oldest is forgotten.
        hearing: whether there is a hearing view.
    """
    page = free_port(port)
    data = free_port(page + 1)
    viewer = free_port(0)
    recording.serve_grpc(
        grpc_port=data,
        server_memory_limit=f"{memory}MiB",
        cors_allow_origin=[f"http://*:{page}"],
    )
    rr.serve_web_viewer(web_port=viewer, open_browser=False)
    serve_page(page, viewer, data)
    recording.send_blueprint(layout(hearing))
    return f"http://localhost:{page}/"

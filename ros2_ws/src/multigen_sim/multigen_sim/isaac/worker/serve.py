"""Answers the backend's requests, one after the other, with a world in Isaac Sim."""

from __future__ import annotations

import os
import socket
import sys
import traceback
from typing import Any

from .frames import VERSION, Arrays, Connection, Fields, LostConnection
from .world import IsaacWorld


def serve(address: str) -> None:
    """Connect to the Unix socket at `address` and answer until the backend hangs up."""
    channel = socket.socket(socket.AF_UNIX)
    channel.connect(address)
    connection = Connection(channel)
    python = ".".join(map(str, sys.version_info[:3]))
    connection.send({"hello": VERSION, "python": python, "pid": os.getpid()})
    world: IsaacWorld | None = None
    try:
        while True:
            fields, arrays = connection.receive()
            request = fields.pop("request")
            if request == "close":
                break
            if request == "start":
                # Where it fails, the process ends: an application starts once in a process.
                world = IsaacWorld()
                reply: tuple[Fields, Arrays] = world.about, {}
            else:
                reply = _answer(world, request, fields, arrays)
            connection.send(*reply, limit=60.0)
    except LostConnection:
        pass
    if world is not None:
        # Closing may end the process, or never return: nothing can follow it.
        world.close()


def _answer(world: Any, request: str, fields: Fields, arrays: Arrays) -> tuple[Fields, Arrays]:
    try:
        if world is None or request not in ("load", "step", "render"):
            raise RuntimeError(f"request {request!r} is unknown, or comes before 'start'")
        reply: tuple[Fields, Arrays] = getattr(world, request)(fields, arrays)
        return reply
    except Exception as error:
        traceback.print_exc()
        name = "" if isinstance(error, RuntimeError) else f"{type(error).__name__}: "
        return {"error": f"{name}{error}"}, {}

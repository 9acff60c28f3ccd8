"""Rules for names and times in launch files."""

import re

_TOKEN = r"[A-Za-z_]\w*"


def is_node_name(name: str) -> bool:
    """Whether `name` can be a node's."""
    return re.fullmatch(_TOKEN, name, re.ASCII) is not None


def is_namespace(namespace: str) -> bool:
    """Whether `namespace` is absolute and well-formed."""
    return namespace == "/" or re.fullmatch(f"(/{_TOKEN})+", namespace, re.ASCII) is not None


def is_time(text: str) -> bool:
    """Whether `text` is a time in seconds."""
    return re.fullmatch(r"[0-9]+(\.[0-9]*)?", text) is not None

"""Splits a node's `args` into command-line arguments."""

from __future__ import annotations

import shlex

from multigen_launch.errors import LaunchError
from multigen_launch.scope import Scope
from multigen_launch.substitutions import Call, parse, perform


def split(text: str, scope: Scope, where: str) -> list[str]:
    """The words of `text` by shell rules; results of substitutions are never split.

    Raises:
        LaunchError: quotes do not match, or a substitution fails.
    """
    words: list[str] = []
    open_word = False
    for part in _runs(text, where):
        if isinstance(part, Call):
            value = perform((part,), scope, where)
            words[-1:] = [words[-1] + value] if open_word else [*words[-1:], value]
            open_word = True
            continue
        try:
            tokens = shlex.split(part)
        except ValueError as error:
            raise LaunchError(f"{where}: args: {error} in {text!r}") from error
        if tokens and open_word and not part[0].isspace():
            words[-1] += tokens.pop(0)
        words += tokens
        open_word = not part[-1].isspace()
    return words


def _runs(text: str, where: str) -> list[str | Call]:
    """The template with neighbouring characters joined."""
    runs: list[str | Call] = []
    for part in parse(text, where):
        if isinstance(part, str) and runs and isinstance(runs[-1], str):
            runs[-1] += part
        else:
            runs.append(part)
    return runs

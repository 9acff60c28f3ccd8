"""The error of everything that is wrong with a launch file or its arguments."""

from multigen_core.errors import MultigenError


class LaunchError(MultigenError):
    """A launch file, or what it was given, is wrong; the message starts with file and line."""

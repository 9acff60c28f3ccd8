"""Error for launch files and their arguments."""

from multigen_core.errors import MultigenError


class LaunchError(MultigenError):
    """A launch file or its arguments are invalid; the message starts with file and line."""

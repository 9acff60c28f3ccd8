"""Base class of errors that the user can fix."""


class MultigenError(Exception):
    """Something outside the code is wrong; the one-line message names it and how to fix it.

    Command lines and nodes print it without a traceback and exit with status 1, a node that cannot
    be made as it is configured with status `os.EX_CONFIG`: restarting it would not help.
    """

    def __str__(self) -> str:
        # Text quoted from a file or library may contain line breaks.
        return " ".join(map(str.strip, super().__str__().splitlines()))


class RivalError(MultigenError):
    """Another process does what this one is to do; once it has ended, a restart helps."""


class WorkerDiedError(MultigenError):
    """A worker process was killed, or its machine was lost."""

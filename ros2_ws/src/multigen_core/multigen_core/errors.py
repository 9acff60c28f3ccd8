"""The one base class of errors that are the user's to mend."""


class MultigenError(Exception):
    """Something outside the code is wrong; the message names it and the way out in one line.

    Command lines and nodes print it without a traceback and exit with status 1.
    """

    def __str__(self) -> str:
        # What it quotes, from a file or a library, may have line breaks of its own.
        return " ".join(map(str.strip, super().__str__().splitlines()))

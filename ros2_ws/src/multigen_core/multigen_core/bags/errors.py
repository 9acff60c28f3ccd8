"""What can be wrong with a bag."""

from multigen_core.errors import MultigenError


class BagError(MultigenError):
    """A bag cannot be read or written."""


class BagExistsError(BagError):
    """There is something where a bag should be written."""


class MissingTopicError(BagError):
    """A bag lacks topics that are needed."""

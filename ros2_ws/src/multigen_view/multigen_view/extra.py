"""The extra that the view needs."""

from __future__ import annotations

from multigen_core.errors import MultigenError

REMEDY = "scripts/setup.sh --view"


class MissingViewerError(MultigenError):
    """rerun-sdk cannot be imported."""


def require_viewer() -> None:
    """Check that the viewer is installed.

    Raises:
        MissingViewerError: it is not; names the way to install it.
    """
    try:
        import rerun  # noqa: F401
    except ImportError as error:
        raise MissingViewerError(f"needs rerun-sdk ({error}); run: {REMEDY}") from error

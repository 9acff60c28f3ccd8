"""Base class of validated, immutable configuration."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class FrozenModel(BaseModel):
    """Immutable; rejects unknown keys, NaN and infinity; compares by its fields alone.

    Pydantic would also compare cached properties, and fail on arrays.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def _values(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in type(self).model_fields)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._values() == other._values()

    def __hash__(self) -> int:
        return hash(self._values())

"""A row of the validation table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """The model's value and the expected one with its `tolerance`, in `unit`."""

    what: str
    found: float
    expected: float
    tolerance: float
    unit: str
    source: str

    @property
    def passed(self) -> bool:
        """Whether it is within tolerance."""
        return bool(abs(self.found - self.expected) <= self.tolerance)

"""The figures as a table, with goals."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from rich.table import Table

from multigen_audio.quality.summary import Figures

REFERENCES = ("noise", "real")
"""References beside the synthesizers, without goals."""


@dataclass(frozen=True)
class Row:
    """One figure: key, name, unit, format, and its goal, at least or at most."""

    key: str
    label: str
    unit: str
    form: str
    most: float = math.inf
    least: float = -math.inf

    @property
    def reach(self) -> str:
        """The goal in words, '' if there is none."""
        if math.isfinite(self.most):
            return f"≤ {self.most:g} {self.unit}".strip()
        return f"≥ {self.least:g} {self.unit}".strip() if math.isfinite(self.least) else ""

    def text(self, figures: Figures) -> str:
        """The figure of a synthesizer with its interval, a dash where it does not apply."""
        value = figures[self.key]
        if not math.isfinite(value):
            return "–"
        interval = figures["details"].get("intervals", {}).get(self.key)
        ends = "–".join(f"{end:z{self.form}}" for end in interval) if interval else ""
        return f"{value:z{self.form}}" + (f" ({ends})" if ends else "")

    def met(self, figures: Figures) -> bool | None:
        """Whether a synthesizer meets the goal, None if there is none or it does not apply."""
        value = figures[self.key]
        if not self.reach or not math.isfinite(value):
            return None
        return bool(self.least <= value <= self.most)


ROWS = (
    Row("pitch_cents", "pitch", "cents", ".0f", most=50),
    Row("pitch_cents_public_visible", "… by camera, visible", "cents", ".0f"),
    Row("pitch_cents_public_opaque", "… by camera, opaque", "cents", ".0f"),
    Row("onset_ms", "onset", "ms", ".0f", most=40),
    Row("silence_db", "silence", "dB", ".0f", least=25),
    Row("loudness_correlation", "loudness with flow", "", ".2f", least=0.8),
    Row("frechet_ratio", "Fréchet ratio, fixed", "", ".2f", most=2),
    Row("frechet_ratio_trained", "Fréchet ratio, trained", "", ".2f", most=2),
    Row("two_sample_auc", "told from real", "", ".2f"),
    Row("rtf_one_core", "CPU time per second of sound", "", ".3f", most=0.06),
    Row("latency_p95_ms", "frame to sound, p95", "ms", ".0f", most=250),
    Row("chunk_identity", "chunked − whole", "", ".1g", most=1e-4),
)


def table(figures: Mapping[str, Figures], title: str) -> Table:
    """One row for each figure, one column for each synthesizer."""
    drawn = Table("figure", "reach", title=title)
    for name in figures:
        drawn.add_column(name, justify="right")
    for row in ROWS:
        cells = []
        for name, values in figures.items():
            met = None if name in REFERENCES else row.met(values)
            style = "" if met is None else "green" if met else "red"
            cells.append(f"[{style}]{row.text(values)}[/]" if style else row.text(values))
        drawn.add_row(row.label, row.reach or row.unit, *cells)
    return drawn

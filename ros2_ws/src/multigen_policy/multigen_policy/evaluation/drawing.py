"""Figures as inline SVG in the page's colours, light or dark."""

from __future__ import annotations

import re
from io import StringIO
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

WIDTH = 10.0
"""Width of every figure [in]; equal margins align the time axes of all figures."""
LEFT, RIGHT = 0.075, 0.985
TOP, BOTTOM, SPACE = 0.36, 0.44, 0.34
"""Margins and the space between panels [in], for legends and labels."""

# Placeholder colours; `svg` replaces each with a variable of the style sheet.
INK, MUTED, GRID = "#010101", "#010102", "#010103"
SERIES = tuple(f"#01010{digit:x}" for digit in range(4, 11))
_VARIABLES = {INK: "--ink", MUTED: "--muted", GRID: "--grid"} | {
    colour: f"--series-{index}" for index, colour in enumerate(SERIES, 1)
}

_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "multigen",
    "font.family": "sans-serif",
    "font.size": 9.5,
    "text.color": INK,
    "axes.edgecolor": GRID,
    "axes.labelcolor": MUTED,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "lines.linewidth": 1.8,
    "lines.solid_capstyle": "round",
    "legend.frameon": False,
    "legend.fontsize": 9.0,
    "legend.labelcolor": INK,
}


def panels(heights: tuple[float, ...], span: tuple[float, float] | None) -> tuple[Figure, Any]:
    """A figure with one panel per height [in], one above the other, over the times `span` [s]."""
    with matplotlib.rc_context(_STYLE):
        total = sum(heights) + BOTTOM + TOP + SPACE * (len(heights) - 1)
        figure = Figure(figsize=(WIDTH, total), dpi=160)
        FigureCanvasSVG(figure)
        axes = figure.subplots(
            len(heights), 1, squeeze=False, sharex=True, height_ratios=list(heights)
        )[:, 0]
        figure.subplots_adjust(
            left=LEFT,
            right=RIGHT,
            bottom=BOTTOM / total,
            top=1 - TOP / total,
            hspace=SPACE * len(heights) / sum(heights),
        )
        if span:
            axes[-1].set_xlim(*span)
            axes[-1].set_xlabel("time since the goal [s]")
        return figure, axes


def legend(axes: Axes, **options: Any) -> None:
    """The panel's legend, by default in one row above it."""
    count = len(axes.get_legend_handles_labels()[0])
    if count:
        defaults = {
            "loc": "lower right",
            "bbox_to_anchor": (1.0, 1.015),
            "ncols": count,
            "borderaxespad": 0.0,
            "columnspacing": 1.4,
            "handlelength": 1.4,
        }
        with matplotlib.rc_context(_STYLE):
            axes.legend(**(defaults | options))


def svg(figure: Figure, title: str) -> str:
    """The figure as an SVG element described by `title`, in the page's font and colours."""
    buffer = StringIO()
    with matplotlib.rc_context(_STYLE):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    for colour, variable in _VARIABLES.items():
        text = text.replace(colour, f"var({variable})")
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px; font-family: inherit", text)
    text = re.sub(r' (width|height)="[\d.]+pt"', "", text, count=2)
    return text.replace("<svg", f'<svg role="img" aria-label="{title}"', 1)

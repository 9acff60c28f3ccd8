"""Summary figures of each synthesizer over all its pours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from multigen_audio.quality.judging import Heard, Judged
from multigen_audio.quality.realism import Distances, Floor
from multigen_core.statistics import estimate

KEYS = (
    "pitch_cents",
    "pitch_cents_public_visible",
    "pitch_cents_public_opaque",
    "onset_ms",
    "silence_db",
    "frechet_ratio",
    "frechet_ratio_trained",
    "two_sample_auc",
    "loudness_correlation",
    "rtf_one_core",
    "latency_p95_ms",
    "chunk_identity",
)
Figures = dict[str, Any]
Pairs = Sequence[tuple[Judged, Heard]]


def figures(
    name: str, judged: Sequence[Judged], distances: Distances | None, floor: Floor | None
) -> Figures:
    """The figures of a synthesizer: KEYS, NaN where they do not apply, and what is behind them.

    Medians over the held-out scenes, of which each pour counts once, and in the details their 95 %
    bootstrap intervals over pours. A synthesizer of pictures is judged by the hearing view if it
    was shown it, else by the public camera.
    """
    pairs = [(one, heard) for one in judged for heard in one.heard if heard.synthesizer == name]
    scenes = [pair for pair in pairs if pair[0].case.recording is None]
    public = [pair for pair in scenes if pair[1].view == "public"]
    main = [pair for pair in scenes if pair[1].view != "public"] or public
    by_pour = {
        "pitch_cents": _pitch(main),
        "pitch_cents_public_visible": _pitch([p for p in public if not p[0].pour.target.opaque]),
        "pitch_cents_public_opaque": _pitch([p for p in public if p[0].pour.target.opaque]),
        "onset_ms": np.array([abs(heard.onset) * 1e3 for _, heard in main]),
        "silence_db": np.array([heard.silence for _, heard in main]),
        "loudness_correlation": np.array([heard.loudness for _, heard in main]),
    }
    latency = np.concatenate([np.empty(0), *(heard.rendition.latency for _, heard in main)])
    seconds = sum(heard.rendition.seconds for _, heard in main)
    work = sum(heard.rendition.work for _, heard in main)
    values: Figures = dict.fromkeys(KEYS, float("nan"))
    values |= {
        **{key: _median(pours) for key, pours in by_pour.items()},
        "rtf_one_core": work / seconds if seconds else float("nan"),
        "latency_p95_ms": float(np.percentile(latency, 95)) * 1e3 if len(latency) else np.nan,
        "chunk_identity": max(
            (heard.difference for _, heard in pairs if np.isfinite(heard.difference)),
            default=float("nan"),
        ),
    }
    if distances and floor:
        values |= {
            "frechet_ratio": distances.frechet["fixed"] / floor.frechet["fixed"],
            "frechet_ratio_trained": distances.frechet["trained"] / floor.frechet["trained"],
        }
    if distances:
        values["two_sample_auc"] = distances.auc
    intervals = {key: estimate(pours, median=True) for key, pours in by_pour.items()}
    known = {k: [e.low, e.high] for k, e in intervals.items() if np.isfinite(e.low)}
    return {**values, "details": {**_details(main), "intervals": known}}


def real_figures(floor: Floor | None, label_floor: float) -> Figures:
    """The same of real recordings against others, for comparison."""
    values: Figures = {**dict.fromkeys(KEYS, float("nan")), "pitch_cents": label_floor}
    details: Figures = {}
    if floor:
        values |= {
            "frechet_ratio": 1.0,
            "frechet_ratio_trained": 1.0,
            "two_sample_auc": floor.auc,
        }
        details = {
            f"frechet_spread_{name}": [value / floor.frechet[name] for value in pair]
            for name, pair in floor.spread.items()
        }
    return {**values, "details": details}


def _pitch(pairs: Pairs) -> np.ndarray:
    return np.array([heard.pitch.error for _, heard in pairs])


def _median(values: np.ndarray) -> float:
    """Of what is not NaN; NaN where most is infinite."""
    values = values[~np.isnan(values)]
    middle = float(np.median(values)) if len(values) else float("nan")
    return middle if np.isfinite(middle) else float("nan")


def _details(pairs: Pairs) -> Figures:
    by_scene: dict[str, list[float]] = {}
    by_vessel: dict[str, list[float]] = {}
    for one, heard in pairs:
        if np.isfinite(heard.pitch.error):
            scene = one.pour.scene
            by_scene.setdefault(scene.name, []).append(heard.pitch.error)
            by_vessel.setdefault(scene.target.vessel.name, []).append(heard.pitch.error)
    onsets = np.array([heard.onset for _, heard in pairs])
    return {
        "pours": len(pairs),
        "pitch_trusted": _median(np.array([heard.pitch.trusted for _, heard in pairs])),
        "pitch_cents_by_scene": {k: float(np.median(v)) for k, v in sorted(by_scene.items())},
        "pitch_cents_by_vessel": {k: float(np.median(v)) for k, v in sorted(by_vessel.items())},
        "onsets_missed": int(np.isinf(onsets).sum()),
    }

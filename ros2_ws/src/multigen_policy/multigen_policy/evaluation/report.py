"""`multigen report`: one self-contained web page."""

from __future__ import annotations

import base64
import logging
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import soundfile
from numpy.typing import NDArray

from multigen_core.files import write_atomic
from multigen_core.messages import MessageError, decode_picture
from multigen_core.pages import page_templates
from multigen_core.statistics import Estimate, bounds, interval, known
from multigen_core.types import Outcome
from multigen_policy.evaluation import figures
from multigen_policy.evaluation.bag_episode import load_episode
from multigen_policy.evaluation.drawing import LEFT, RIGHT
from multigen_policy.evaluation.episode import Episode
from multigen_policy.evaluation.evaluate import evaluate
from multigen_policy.evaluation.metrics import NOT_COMPARABLE, aggregate, poured_volumes
from multigen_policy.evaluation.results import GROUPS, Result, load_results, metrics_of, summary
from multigen_policy.evaluation.stamps import span_around, waveform

_LOG = logging.getLogger(__name__)

MAX_EPISODES = 12
"""Largest number of bags shown in full; more would make the page too heavy to open."""
KEY_FRAMES = 8
KEY_FRAME_WIDTH = 320
BEFORE = 3_000_000_000
"""The plots start at most this long before the goal [ns]."""
_LEVELS = ("ok", "warning", "error", "stale")


def write_report(sources: Sequence[Path], output: Path, density: float) -> None:
    """Write the page from bags and JSON results.

    Raises:
        MultigenError: a source cannot be read, or the page cannot be written.
    """
    results: list[dict[str, Any]] = []
    episodes: list[dict[str, Any]] = []
    for source in sources:
        if source.suffix == ".json":
            results += load_results(source)
            continue
        full = len(episodes) < MAX_EPISODES
        episode = load_episode(source, pictures=full)
        found = evaluate(episode, density)
        results += found
        if full:
            episodes.append(_section(episode, found, density))
    write_atomic(output, render(results, episodes).encode())


def render(results: Sequence[Result], episodes: Sequence[dict[str, Any]]) -> str:
    """The page, from results and the sections of `_section`."""
    environment = page_templates("multigen_policy.evaluation")
    environment.filters["known"] = _known
    pours = [metrics_of(result) for result in results]
    total = aggregate(pours) if len(pours) > 1 or not episodes else None
    return environment.get_template("report.html").render(
        title=episodes[0]["name"]
        if len(results) == len(episodes) == 1
        else f"{len(results)} pours",
        results=[
            {**result, "signed_error": pour.error_ml / pour.target_ml}
            for result, pour in zip(results, pours, strict=True)
        ],
        total=total,
        bounds=bounds,
        errors=figures.errors(pours) if total else "",
        groups=_groups(results),
        episodes=episodes,
        left=LEFT,
        right=RIGHT,
        note=NOT_COMPARABLE if any(result.get("simulated") for result in results) else "",
    )


def _known(value: float | None, form: str, unit: str = "") -> str:
    """Like `known`, with a typographic minus."""
    return known(value, form, unit).replace("-", "−")


def _groups(results: Sequence[Result]) -> list[tuple[str, str, int, str, str, str]]:
    """Group, member, pours, NMAE, success and spill, for groups in which the results differ."""
    rows = []
    groups = summary(results)["groups"]
    for key in GROUPS:
        for name, figure in groups.get(key, {}).items():
            nmae, success, spill = (
                interval(Estimate(**figure[field]), form)
                for field, form in (
                    ("nmae", ".3f"),
                    ("success_rate", ".0%"),
                    ("spill_fraction", ".1%"),
                )
            )
            rows.append((key.replace("_", " "), name, figure["pours"], nmae, success, spill))
    return rows


def _section(episode: Episode, results: Sequence[Result], density: float) -> dict[str, Any]:
    """The template's data for one bag."""
    origin = episode.goals[0].stamp
    moments = [stamp for pairs in episode.stamps.values() for stamp, _ in pairs]
    first, last = span_around(np.array([origin, *moments], np.int64), origin)
    span = ((max(first, origin - BEFORE) - origin) / 1e9, (last - origin) / 1e9)
    began, samples = waveform(episode.audio, origin)
    return {
        "name": episode.path.resolve().name,
        "simulated": episode.simulated,
        "results": results,
        "span": span,
        "volumes": figures.volumes(episode, span, density),
        "hearing": figures.hearing(episode, span),
        "motion": figures.motion(episode, span),
        "frames": _key_frames(episode, density),
        "sound": _flac(samples, episode.audio[0].sample_rate) if episode.audio else "",
        "sound_start": (began - origin) / 1e9,
        "audio": episode.sound,
        "streams": [stream for stream in episode.streams if stream.count],
        "nodes": [
            (name, _LEVELS[min(node.level, 3)], node.message)
            for name, node in sorted(episode.nodes.items())
        ],
        "metadata": sorted((k, v) for k, v in episode.metadata.items() if k != "drawn_scene"),
    }


def _flac(samples: np.ndarray[Any, np.dtype[np.float32]], rate: int) -> str:
    buffer = BytesIO()
    soundfile.write(buffer, samples, rate, format="FLAC", subtype="PCM_16")
    return base64.b64encode(buffer.getvalue()).decode()


def _key_frames(episode: Episode, density: float) -> list[dict[str, Any]]:
    """Images at even intervals over the pour, with the volume poured by then."""
    if not episode.pictures:
        return []
    origin = episode.goals[0].stamp
    outcomes = [item.stamp for item in episode.progress if item.outcome is not Outcome.RUNNING]
    stamps = np.array([stamp for stamp, _ in episode.pictures])
    end = min(outcomes[-1] + 1_000_000_000 if outcomes else stamps[-1], stamps[-1])
    times = np.array([state.stamp for state in episode.states])
    poured = poured_volumes(episode.states, density) * 1e6
    frames = []
    for moment in np.linspace(max(origin, stamps[0]), end, KEY_FRAMES):
        stamp, jpeg = episode.pictures[int(np.argmin(np.abs(stamps - moment)))]
        try:
            picture = _thumbnail(jpeg)
        except MessageError as error:
            at = (stamp - origin) / 1e9
            _LOG.warning("%s: no image %.3f s after the goal: %s", episode.path, at, error)
            continue
        before = int(np.searchsorted(times, stamp, side="right")) - 1
        frames.append(
            {
                "data": picture,
                "time": (stamp - origin) / 1e9,
                "poured": float(poured[before]) if before >= 0 else float("nan"),
            }
        )
    return frames


def _thumbnail(jpeg: bytes) -> str:
    picture: NDArray[Any] = decode_picture(jpeg)
    if picture.shape[1] > KEY_FRAME_WIDTH:
        size = (KEY_FRAME_WIDTH, max(1, picture.shape[0] * KEY_FRAME_WIDTH // picture.shape[1]))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()
    return base64.b64encode(jpeg).decode()

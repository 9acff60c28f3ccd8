"""Encodes pictures and sound as a WebM video, which every browser plays."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from multigen_core.errors import MultigenError

_FAST = {"deadline": "realtime", "cpu-used": "8", "crf": "34", "b:v": "0"}
_OPUS_RATE = 48_000


def require_encoder() -> Any:
    """The module av.

    Raises:
        MultigenError: it is not installed.
    """
    try:
        import av
    except ImportError as error:
        raise MultigenError("videos need PyAV, which is missing: pip install av") from error
    return av


def encode_video(
    pictures: Sequence[NDArray[np.uint8]],
    rate: int,
    sound: NDArray[np.float32],
    sample_rate: int,
) -> bytes:
    """A video (VP9, Opus) of `pictures` (H, W, 3) RGB at `rate` [Hz] and `sound` (N,).

    Width and height must be even.

    Raises:
        MultigenError: PyAV is not installed.
    """
    av = require_encoder()
    height, width = pictures[0].shape[:2]
    buffer = BytesIO()
    with av.open(buffer, "w", format="webm") as container:
        video = container.add_stream("libvpx-vp9", rate=rate, options=_FAST)
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        audio = container.add_stream("libopus", rate=_OPUS_RATE, layout="mono")
        for index, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, rate)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        whole = av.AudioFrame.from_ndarray(sound[None].astype(np.float32), "flt", "mono")
        whole.sample_rate, whole.pts, whole.time_base = sample_rate, 0, Fraction(1, sample_rate)
        resampler = av.AudioResampler("flt", "mono", _OPUS_RATE, audio.frame_size or 960)
        for part in (*resampler.resample(whole), *resampler.resample(None)):
            container.mux(audio.encode(part))
        container.mux(audio.encode(None))
    return buffer.getvalue()

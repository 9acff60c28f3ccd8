"""What the robot sees, and what the synthesizer sees."""

from __future__ import annotations

import cv2
import numpy as np
import rerun as rr
from numpy.typing import NDArray

from multigen_core.contract import AUDIO_VIEW, IMAGE, IMAGE_COMPRESSED, Topic
from multigen_core.types import CameraFrame

CAMERA = "camera"
HEARING = "hearing_view"
_WIDTH = 480
"""Wider images are thinned out [pixels]."""
_QUALITY = 80


class Pictures:
    """The camera and the cut-away hearing view."""

    topics = (IMAGE, IMAGE_COMPRESSED, AUDIO_VIEW)

    def __init__(self, recording: rr.RecordingStream) -> None:
        self._recording = recording

    def take(self, topic: Topic, item: CameraFrame) -> None:
        path = HEARING if topic is AUDIO_VIEW else CAMERA
        step = -(-item.rgb.shape[1] // _WIDTH)
        self._recording.log(path, jpeg(item.rgb[::step, ::step, ::-1]))


def jpeg(bgr: NDArray[np.uint8]) -> rr.EncodedImage:
    """A BGR image (H, W, 3) in a tenth of its size."""
    _, data = cv2.imencode(".jpg", np.ascontiguousarray(bgr), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return rr.EncodedImage(contents=data.tobytes(), media_type="image/jpeg")

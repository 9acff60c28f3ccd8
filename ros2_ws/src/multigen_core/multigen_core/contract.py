"""The graph's contract as data: every topic with its type, quality of service, rate and ends.

Nodes take names, types and QoS from here; docs/contract.md and the recorder are checked against it.
Names are relative, so a namespace moves the whole graph.
"""

from __future__ import annotations

from dataclasses import dataclass

CONTRACT_VERSION = 1
"""Raised whenever a topic, type, unit or frame changes meaning; checkpoints carry it."""

BASE_FRAME = "base_link"
CAMERA_FRAME = "camera_color_optical_frame"
AUDIO_VIEW_FRAME = "audio_view_optical_frame"
MICROPHONE_FRAME = "microphone_link"

SAMPLE_RATE = 16_000
"""Sound everywhere [Hz]."""
CHUNK = 320
"""Samples per audio message."""


@dataclass(frozen=True, slots=True)
class Qos:
    """Reliability, durability and depth of one end of a topic."""

    depth: int
    reliable: bool = True
    latched: bool = False


SENSOR = Qos(5, reliable=False)
LATCHED = Qos(1, latched=True)


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic: relative name, type, QoS of both ends, nominal rate [Hz] (0: on change)."""

    name: str
    type: str
    publish: Qos
    subscribe: Qos
    rate: float
    frame_id: str
    sim: str
    real: str
    subscribers: tuple[str, ...]
    recorded: bool = True
    ground_truth: bool = False
    command: bool = False
    """Whether playing it back could move an arm."""


CLOCK = Topic(
    "/clock",
    "rosgraph_msgs/msg/Clock",
    Qos(1, reliable=False),
    Qos(1, reliable=False),
    100,
    "",
    "simulator",
    "none",
    ("all",),
    recorded=False,
)
IMAGE = Topic(
    "camera/color/image_raw",
    "sensor_msgs/msg/Image",
    Qos(5),
    SENSOR,
    30,
    CAMERA_FRAME,
    "simulator",
    "camera",
    ("policy", "audio_synthesizer"),
    recorded=False,
)
IMAGE_COMPRESSED = Topic(
    "camera/color/image_raw/compressed",
    "sensor_msgs/msg/CompressedImage",
    Qos(5),
    SENSOR,
    30,
    CAMERA_FRAME,
    "simulator",
    "camera",
    ("recorder",),
)
CAMERA_INFO = Topic(
    "camera/color/camera_info",
    "sensor_msgs/msg/CameraInfo",
    Qos(5),
    SENSOR,
    30,
    CAMERA_FRAME,
    "simulator",
    "camera",
    ("policy", "audio_synthesizer"),
)
AUDIO = Topic(
    "audio/audio_stamped",
    "audio_common_msgs/msg/AudioDataStamped",
    Qos(50),
    Qos(50, reliable=False),
    50,
    MICROPHONE_FRAME,
    "audio_synthesizer",
    "microphone",
    ("policy", "simulator"),
)
AUDIO_INFO = Topic(
    "audio/audio_info",
    "audio_common_msgs/msg/AudioInfo",
    LATCHED,
    LATCHED,
    0,
    "",
    "audio_synthesizer",
    "microphone",
    ("policy",),
)
JOINT_STATES = Topic(
    "joint_states",
    "sensor_msgs/msg/JointState",
    Qos(10),
    SENSOR,
    100,
    BASE_FRAME,
    "simulator",
    "arm",
    ("policy", "arm_guard"),
)
GUARD_COMMAND = Topic(
    "arm_guard/joint_trajectory",
    "trajectory_msgs/msg/JointTrajectory",
    Qos(1),
    Qos(1),
    10,
    "",
    "policy",
    "policy",
    ("arm_guard",),
    command=True,
)
ARM_COMMAND = Topic(
    "joint_trajectory_controller/joint_trajectory",
    "trajectory_msgs/msg/JointTrajectory",
    Qos(1),
    Qos(1),
    10,
    "",
    "arm_guard",
    "arm_guard",
    ("simulator", "arm"),
    command=True,
)
STOPPED = Topic(
    "arm_guard/stopped",
    "std_msgs/msg/Bool",
    LATCHED,
    LATCHED,
    0,
    "",
    "arm_guard",
    "arm_guard",
    ("policy",),
)
AUDIO_VIEW = Topic(
    "simulator/audio_view/image_raw",
    "sensor_msgs/msg/Image",
    Qos(5),
    SENSOR,
    10,
    AUDIO_VIEW_FRAME,
    "simulator",
    "none",
    ("audio_synthesizer",),
    recorded=False,
)
LIQUID_STATE = Topic(
    "simulator/liquid_state",
    "multigen_interfaces/msg/LiquidState",
    Qos(10),
    Qos(10),
    50,
    "",
    "simulator",
    "none",
    ("audio_synthesizer", "evaluator"),
    ground_truth=True,
)
POUR_STATE = Topic(
    "pour_state",
    "multigen_interfaces/msg/PourState",
    Qos(10),
    Qos(10),
    10,
    "",
    "simulator",
    "scale",
    ("evaluator",),
    ground_truth=True,
)
GOAL = Topic(
    "pour/goal",
    "multigen_interfaces/msg/PourProgress",
    LATCHED,
    LATCHED,
    0,
    "",
    "policy",
    "policy",
    ("evaluator",),
)
PROGRESS = Topic(
    "pour/progress",
    "multigen_interfaces/msg/PourProgress",
    Qos(10),
    Qos(10),
    10,
    "",
    "policy",
    "policy",
    ("evaluator",),
)
DIAGNOSTICS = Topic(
    "/diagnostics",
    "diagnostic_msgs/msg/DiagnosticArray",
    Qos(10),
    Qos(10),
    1,
    "",
    "all",
    "all",
    ("evaluator",),
)

TOPICS = (
    CLOCK, IMAGE, IMAGE_COMPRESSED, CAMERA_INFO, AUDIO, AUDIO_INFO, JOINT_STATES, GUARD_COMMAND,
    ARM_COMMAND, STOPPED, AUDIO_VIEW, LIQUID_STATE, POUR_STATE, GOAL, PROGRESS, DIAGNOSTICS,
)  # fmt: skip

SERVICES = {
    "simulator/reset": "std_srvs/srv/Trigger",
    "simulator/pause": "std_srvs/srv/SetBool",
    "arm_guard/stop": "std_srvs/srv/Trigger",
    "arm_guard/reset": "std_srvs/srv/Trigger",
}
POUR_ACTION = "pour"
POUR_ACTION_TYPE = "multigen_interfaces/action/Pour"

"""The graph's contract as data: every topic with its type, QoS, rate, publishers and subscribers.

Nodes take names, types and QoS from here; tests check docs/contract.md and the recorder against it.
Names are relative, so a namespace moves the whole graph.
"""

from __future__ import annotations

from dataclasses import dataclass

CONTRACT_VERSION = 1
"""Incremented whenever a topic, type, unit or frame changes meaning; checkpoints store it."""

BASE_FRAME = "base_link"
CAMERA_FRAME = "camera_color_optical_frame"
AUDIO_VIEW_FRAME = "audio_view_optical_frame"
MICROPHONE_FRAME = "microphone_link"

MOST_JOINT_STATES = 250.0
"""Joint states used per second [Hz], of up to 1000 that a driver may send."""
SAMPLE_RATE = 16_000
"""Sample rate of all sound [Hz]."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
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
    """Whether replaying it could move an arm."""


CLOCK = Topic(
    name="/clock",
    type="rosgraph_msgs/msg/Clock",
    publish=Qos(1, reliable=False),
    subscribe=Qos(1, reliable=False),
    rate=100,
    frame_id="",
    sim="simulator",
    real="none",
    subscribers=("all",),
    recorded=False,
)
IMAGE = Topic(
    name="camera/color/image_raw",
    type="sensor_msgs/msg/Image",
    publish=Qos(5),
    subscribe=SENSOR,
    rate=30,
    frame_id=CAMERA_FRAME,
    sim="simulator",
    real="camera",
    subscribers=("policy", "audio_synthesizer"),
    recorded=False,
)
IMAGE_COMPRESSED = Topic(
    name="camera/color/image_raw/compressed",
    type="sensor_msgs/msg/CompressedImage",
    publish=Qos(5),
    subscribe=SENSOR,
    rate=30,
    frame_id=CAMERA_FRAME,
    sim="simulator",
    real="camera",
    subscribers=("recorder",),
)
CAMERA_INFO = Topic(
    name="camera/color/camera_info",
    type="sensor_msgs/msg/CameraInfo",
    publish=Qos(5),
    subscribe=SENSOR,
    rate=30,
    frame_id=CAMERA_FRAME,
    sim="simulator",
    real="camera",
    subscribers=("policy", "audio_synthesizer"),
)
AUDIO = Topic(
    name="audio/audio_stamped",
    type="audio_common_msgs/msg/AudioDataStamped",
    publish=Qos(50),
    subscribe=Qos(50, reliable=False),
    rate=50,
    frame_id=MICROPHONE_FRAME,
    sim="audio_synthesizer",
    real="microphone",
    subscribers=("policy", "simulator"),
)
AUDIO_INFO = Topic(
    name="audio/audio_info",
    type="audio_common_msgs/msg/AudioInfo",
    publish=LATCHED,
    subscribe=LATCHED,
    rate=0,
    frame_id="",
    sim="audio_synthesizer",
    real="microphone",
    subscribers=("policy",),
)
JOINT_STATES = Topic(
    name="joint_states",
    type="sensor_msgs/msg/JointState",
    publish=Qos(10),
    subscribe=SENSOR,
    rate=100,
    frame_id=BASE_FRAME,
    sim="simulator",
    real="arm",
    subscribers=("policy", "arm_guard"),
)
GUARD_COMMAND = Topic(
    name="arm_guard/joint_trajectory",
    type="trajectory_msgs/msg/JointTrajectory",
    publish=Qos(1),
    subscribe=Qos(1),
    rate=10,
    frame_id="",
    sim="policy",
    real="policy",
    subscribers=("arm_guard",),
    command=True,
)
ARM_COMMAND = Topic(
    name="joint_trajectory_controller/joint_trajectory",
    type="trajectory_msgs/msg/JointTrajectory",
    publish=Qos(1),
    subscribe=Qos(1),
    rate=10,
    frame_id="",
    sim="arm_guard",
    real="arm_guard",
    subscribers=("simulator", "arm"),
    command=True,
)
SCENE = Topic(
    name="simulator/scene",
    type="std_msgs/msg/String",
    publish=LATCHED,
    subscribe=LATCHED,
    rate=0,
    frame_id="",
    sim="simulator",
    real="none",
    subscribers=("policy", "bag"),
)
STOPPED = Topic(
    name="arm_guard/stopped",
    type="std_msgs/msg/Bool",
    publish=LATCHED,
    subscribe=LATCHED,
    rate=0,
    frame_id="",
    sim="arm_guard",
    real="arm_guard",
    subscribers=("policy",),
)
AUDIO_VIEW = Topic(
    name="simulator/audio_view/image_raw",
    type="sensor_msgs/msg/Image",
    publish=Qos(5),
    subscribe=SENSOR,
    rate=10,
    frame_id=AUDIO_VIEW_FRAME,
    sim="simulator",
    real="none",
    subscribers=("audio_synthesizer",),
    recorded=False,
)
LIQUID_STATE = Topic(
    name="simulator/liquid_state",
    type="multigen_interfaces/msg/LiquidState",
    publish=Qos(10),
    subscribe=Qos(10),
    rate=50,
    frame_id="",
    sim="simulator",
    real="none",
    subscribers=("audio_synthesizer", "evaluator"),
    ground_truth=True,
)
POUR_STATE = Topic(
    name="pour_state",
    type="multigen_interfaces/msg/PourState",
    publish=Qos(10),
    subscribe=Qos(10),
    rate=10,
    frame_id="",
    sim="simulator",
    real="scale",
    subscribers=("evaluator",),
    ground_truth=True,
)
GOAL = Topic(
    name="pour/goal",
    type="multigen_interfaces/msg/PourProgress",
    publish=LATCHED,
    subscribe=LATCHED,
    rate=0,
    frame_id="",
    sim="policy",
    real="policy",
    subscribers=("evaluator",),
)
PROGRESS = Topic(
    name="pour/progress",
    type="multigen_interfaces/msg/PourProgress",
    publish=Qos(10),
    subscribe=Qos(10),
    rate=10,
    frame_id="",
    sim="policy",
    real="policy",
    subscribers=("evaluator",),
)
ESTIMATE = Topic(
    name="pour/estimate",
    type="multigen_interfaces/msg/PourEstimate",
    publish=Qos(10),
    subscribe=SENSOR,
    rate=10,
    frame_id="",
    sim="policy",
    real="policy",
    subscribers=("view",),
)
DIAGNOSTICS = Topic(
    name="/diagnostics",
    type="diagnostic_msgs/msg/DiagnosticArray",
    publish=Qos(10),
    subscribe=Qos(10),
    rate=1,
    frame_id="",
    sim="all",
    real="all",
    subscribers=("evaluator",),
)

TOPICS = (
    CLOCK, IMAGE, IMAGE_COMPRESSED, CAMERA_INFO, AUDIO, AUDIO_INFO, JOINT_STATES, GUARD_COMMAND,
    ARM_COMMAND, STOPPED, SCENE, AUDIO_VIEW, LIQUID_STATE, POUR_STATE, GOAL, PROGRESS, ESTIMATE,
    DIAGNOSTICS,
)  # fmt: skip

SERVICES = {
    "simulator/reset": "std_srvs/srv/Trigger",
    "simulator/pause": "std_srvs/srv/SetBool",
    "arm_guard/stop": "std_srvs/srv/Trigger",
    "arm_guard/reset": "std_srvs/srv/Trigger",
}
POUR_ACTION = "pour"
POUR_ACTION_TYPE = "multigen_interfaces/action/Pour"

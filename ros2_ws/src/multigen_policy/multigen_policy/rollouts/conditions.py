"""The named conditions under which `multigen evaluate` pours."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from multigen_core.errors import MultigenError
from multigen_core.station import Told
from multigen_core.synthesizer import HELD_OUT
from multigen_policy.rollouts.closed_loop import Job
from multigen_policy.rollouts.disturbances import Disturbance
from multigen_policy.rollouts.variation import Variation


@dataclass(frozen=True)
class Condition:
    """What differs from pour to pour of an evaluation.

    `synthesizer`, with its `recordings`, and `arm_file` replace those of the command if not empty.
    Conditions of the same scene pour the same seeds, so their pours are paired.
    """

    about: str
    scene: str = "held_out"
    told: Told = Told.STATION
    variation: Variation = field(default_factory=Variation)
    disturbance: Disturbance = field(default_factory=Disturbance)
    synthesizer: str = ""
    recordings: tuple[str, ...] = ()
    arm_file: str = ""

    def job(self, name: str, job: Job) -> Job:
        """A job under this condition, which is called `name`."""
        job = replace(
            job, condition=name, scene=self.scene, told=self.told, variation=self.variation,
            disturbance=self.disturbance, arm_file=self.arm_file or job.arm_file,
        )  # fmt: skip
        if not self.synthesizer:
            return job
        return replace(
            job, synthesizer=self.synthesizer, synthesizer_checkpoint="", recordings=self.recordings
        )


ANYWHERE = Variation(spread=0.08)
"""A target that has to be found; training places it within 4 cm of the usual place."""

CONDITIONS = {
    "seen_station": Condition("vessels of training", "randomised"),
    "seen_nothing": Condition(
        "vessels of training, anywhere, nothing told", "randomised", Told.NOTHING, ANYWHERE
    ),
    "held_out_station": Condition("vessels never trained on"),
    "held_out_nothing": Condition(
        "vessels never trained on, anywhere, nothing told", told=Told.NOTHING, variation=ANYWHERE
    ),
    "opaque_station": Condition("opaque vessels never trained on", "held_out_opaque"),
    "opaque_nothing": Condition(
        "opaque vessels never trained on, anywhere, nothing told",
        "held_out_opaque",
        Told.NOTHING,
        ANYWHERE,
    ),
    "liquids": Condition("cola and syrup, never trained on", "held_out_liquids"),
    "prefilled": Condition(
        "targets 30 to 50 % full at first", variation=Variation(first_fill=(0.3, 0.5))
    ),
    "replay": Condition(
        "recordings of vessels that no generator was trained on",
        synthesizer="replay",
        recordings=(HELD_OUT,),
    ),
    "noise_10db": Condition(
        "noise 10 dB below the pour", disturbance=Disturbance(noise=True, snr=10.0)
    ),
    "noise_0db": Condition(
        "noise as loud as the pour", disturbance=Disturbance(noise=True, snr=0.0)
    ),
    "dark": Condition("a nearly dark room", variation=Variation(look="dark")),
    "dead_camera": Condition("no images", disturbance=Disturbance(dead_camera=True)),
    "dead_microphone": Condition("no sound", disturbance=Disturbance(dead_microphone=True)),
    "microphone_dies": Condition(
        "no more sound 1 to 3 s after the first liquid arrives",
        disturbance=Disturbance(deaf_after=(1.0, 3.0)),
    ),
    "other_camera": Condition(
        "a wider lens, from 15 cm and 15° further to the side",
        variation=Variation(vertical_fov=55.0, orbit=15.0),
    ),
    "other_arm": Condition("a UR5e", arm_file="ur5e"),
}
ALL, QUICK = "all", "quick"
_QUICK = ("held_out_station", "opaque_station", "noise_0db", "dead_camera", "microphone_dies")


def chosen_conditions(names: list[str]) -> tuple[str, ...]:
    """The conditions that are meant, without repetition.

    Raises:
        MultigenError: there is no such condition; the message lists all.
    """
    found: list[str] = []
    for name in names:
        if name not in (ALL, QUICK, *CONDITIONS):
            raise MultigenError(
                f"no condition {name!r}; there are {ALL}, {QUICK}, {', '.join(CONDITIONS)}"
            )
        found += CONDITIONS if name == ALL else _QUICK if name == QUICK else [name]
    return tuple(dict.fromkeys(found))

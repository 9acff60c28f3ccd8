"""What is damaged, and what reads it."""

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from fuzzing import corpus
from fuzzing.mutations import damaged, reworded
from multigen_audio.flow.speaker import Speaker
from multigen_audio.physical.config import PhysicalConfig
from multigen_audio.recorded import clips
from multigen_core import messages
from multigen_core.arm import Arm
from multigen_core.bags import FACTORY, BagReader, repair
from multigen_core.bags.typestore import deserialize, typestore
from multigen_core.config.yaml_file import load_model, share_directory
from multigen_core.contract import IMAGE
from multigen_core.types import CameraFrame
from multigen_core.world.catalogue import vessel
from multigen_core.world.recordings import read_recordings
from multigen_core.world.scene import load_scene
from multigen_policy.evaluation.bag_episode import load_episode
from multigen_policy.evaluation.evaluate import evaluate
from multigen_policy.evaluation.report import write_report
from multigen_policy.evaluation.results import load_results, print_results, summary
from multigen_policy.listening.recording import load_sound
from multigen_robot.camera.calibration import load_calibration

KINDS = ("onnx", "safetensors")


@dataclass(frozen=True)
class Family:
    """A kind of input.

    `files` are laid into a folder for each case, the one at `target` damaged by `mutate`; `read`
    reads the folder and returns the figures. A `checked` input has checksums, or stands twice, so
    that its figures may not change without a word. `weight` is its share of the cases.
    """

    name: str
    files: dict[str, bytes]
    target: str
    mutate: Callable[[bytes, random.Random], bytes]
    read: Callable[[Path], Any]
    weight: int = 10
    checked: bool = False


def families(folder: Path) -> list[Family]:
    """All of them, from inputs that are first written into `folder`."""
    corpus.write_bag(folder / "bag")
    corpus.write_unchecked(folder / "old.mcap", folder / "bag")
    for suffix in ("wav", "flac", "ogg", "mp3"):
        corpus.write_sound(folder / f"a.{suffix}")
    bag = {f"bag/{p.name}": p.read_bytes() for p in (folder / "bag").iterdir()}
    data, old = bag["bag/bag.mcap"], (folder / "old.mcap").read_bytes()
    core = share_directory("multigen_core") / "config"
    results = folder / "results.json"
    corpus.write_results(results, evaluate(load_episode(folder / "bag")))
    weights = share_directory("multigen_audio") / "config/weights/flow"
    names = [f"{network}.{kind}" for network in ("voice", "mouth") for kind in KINDS]
    networks = {name: (weights / name).read_bytes() for name in names}
    clip_files = {"clips.csv": corpus.CLIPS.encode()} | {
        f"audio/{name}": (folder / "a.flac").read_bytes() for name in ("a.flac", "b.flac")
    }
    return [
        Family("bag", bag, "bag/bag.mcap", damaged, _evaluate, 20, checked=True),
        Family("bag, its metadata.yaml", bag, "bag/metadata.yaml", reworded, _evaluate, 15, True),
        Family("bag without checksums", {"a.mcap": old}, "a.mcap", damaged, _evaluate_file, 15),
        Family("report on it", {"a.mcap": old}, "a.mcap", damaged, _report, 2),
        Family("repair-bag", {"bag/bag.mcap": data}, "bag/bag.mcap", damaged, _repair, 10),
        Family("repair-bag, no checksums", {"bag/a.mcap": old}, "bag/a.mcap", damaged, _repair, 8),
        Family("scene", {"a.yaml": corpus.SCENE}, "a.yaml", reworded, _scene),
        Family("vessel", {"a.yaml": corpus.VESSEL}, "a.yaml", reworded, _vessel),
        Family("arm", _file(core / "arms/gen3.yaml"), "a.yaml", reworded, _arm),
        Family("synthesizer", {"a.yaml": corpus.PHYSICAL}, "a.yaml", reworded, _physical),
        Family("camera's calibration", {"a.yaml": corpus.CAMERA}, "a.yaml", reworded, _camera, 5),
        Family("clips.csv", clip_files, "clips.csv", reworded, _clips),
        Family("results", {"a.json": results.read_bytes()}, "a.json", reworded, _results),
        *(
            Family(f"sound, {kind}", _file(folder / f"a.{kind}", f"a.{kind}"), f"a.{kind}", damaged,
                   _sound, 4)
            for kind in ("wav", "flac", "ogg", "mp3")
        ),
        Family("weights", networks, "mouth.safetensors", damaged, _speaker, 3),
        Family("graph", networks, "mouth.onnx", damaged, _speaker, 3),
        *_wire(folder / "bag"),
    ]  # fmt: skip


def _file(path: Path, name: str = "a.yaml") -> dict[str, bytes]:
    return {name: path.read_bytes()}


def _wire(bag: Path) -> list[Family]:
    """A message of each type as it comes over the wire."""
    with BagReader(bag) as reader:
        examples = {topic.type: data for topic, _, data in reader.raw()}
    frame = CameraFrame(corpus.START, np.zeros((12, 16, 3), np.uint8), "camera")
    image = messages.encode(IMAGE.type, frame, FACTORY)
    examples[IMAGE.type] = bytes(typestore().serialize_cdr(image, IMAGE.type))

    def reading(kind: str) -> Callable[[Path], Any]:
        return lambda folder: repr(
            messages.decode(kind, deserialize((folder / "message").read_bytes(), kind), 1)
        )

    return [
        Family(f"message, {kind.split('/')[-1]}", {"message": data}, "message", damaged,
               reading(kind), 3)
        for kind, data in sorted(examples.items())
    ]  # fmt: skip


def _figures(path: Path) -> Any:
    results = evaluate(load_episode(path))
    for result in results:
        result.pop("bag")
    return repr(results)


def _evaluate(folder: Path) -> Any:
    return _figures(folder / "bag")


def _evaluate_file(folder: Path) -> Any:
    return _figures(folder / "a.mcap")


def _report(folder: Path) -> Any:
    write_report([folder / "a.mcap"], folder / "report.html", 1000.0)


def _repair(folder: Path) -> Any:
    result = repair(folder / "bag")
    with BagReader(folder / "bag") as reader:
        assert sum(1 for _ in reader.everything()) == result.messages
        for record in reader.records():
            repr(record)
    return result.messages


def _scene(folder: Path) -> Any:
    return repr(load_scene(folder / "a.yaml", 0))


def _vessel(folder: Path) -> Any:
    found = vessel(str(folder / "a.yaml"))
    return found.capacity, found.level(found.capacity / 2)


def _arm(folder: Path) -> Any:
    return repr(Arm.load(folder / "a.yaml"))


def _physical(folder: Path) -> Any:
    return repr(load_model(PhysicalConfig, folder / "a.yaml"))


def _camera(folder: Path) -> Any:
    return repr(load_calibration(str(folder / "a.yaml"), ""))


def _clips(folder: Path) -> Any:
    recordings, _ = read_recordings(folder)
    for recording in recordings:
        clips.load(recording, 16_000)


def _results(folder: Path) -> Any:
    results = load_results(folder / "a.json")
    summary(results)
    print_results(results, Console(file=StringIO()))


def _sound(folder: Path) -> Any:
    (path,) = folder.iterdir()
    return len(load_sound(path).samples)


def _speaker(folder: Path) -> Any:
    Speaker(folder, 0)


def lay(family: Family, folder: Path, rng: random.Random | None) -> None:
    """Write a family's files into `folder`, damaged if there is an `rng`."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, data in family.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        hit = rng is not None and name == family.target
        path.write_bytes(family.mutate(data, rng) if hit else data)

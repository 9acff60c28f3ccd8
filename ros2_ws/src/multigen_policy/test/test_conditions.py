"""The conditions of an evaluation, what they change, and their figures."""

import io
import json
import pickle
import re
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from rich.console import Console

from multigen_core.contract import SAMPLE_RATE
from multigen_core.errors import MultigenError
from multigen_core.rollout.senses import UNDISTURBED
from multigen_core.simulator import WorldState
from multigen_core.station import Told
from multigen_core.types import (
    AudioChunk,
    CameraFrame,
    JointState,
    LiquidState,
    PourState,
    to_nanoseconds,
)
from multigen_core.world.scene import CameraSpec, load_scene
from multigen_policy.evaluation.conditions import (
    by_condition,
    condition_figures,
    print_conditions,
)
from multigen_policy.evaluation.conditions_page import Clip, render, telling
from multigen_policy.evaluation.video import encode_video
from multigen_policy.rollouts.background import Background, loud_power, power
from multigen_policy.rollouts.closed_loop import Job
from multigen_policy.rollouts.conditions import CONDITIONS, chosen_conditions
from multigen_policy.rollouts.disturbances import Disturbance, DisturbedSenses
from multigen_policy.rollouts.journal import fingerprint
from multigen_policy.rollouts.variation import Variation

NAMES = [
    "seen_station",
    "seen_nothing",
    "held_out_station",
    "held_out_nothing",
    "opaque_station",
    "opaque_nothing",
    "liquids",
    "prefilled",
    "replay",
    "noise_10db",
    "noise_0db",
    "dark",
    "dead_camera",
    "dead_microphone",
    "microphone_dies",
    "other_camera",
    "other_arm",
]
KEYS = ["nmae", "ci95", "episodes", "spill", "median_error_ml", "success", "calibration"]


def job(name, seed=0):
    return CONDITIONS[name].job(name, Job("", seed, "acoustic", "physical"))


def drawn(name, seed=0):
    own = job(name, seed)
    return own.variation.applied(load_scene(own.scene, seed), seed)


def world(seconds, inflow=0.0):
    stamp = to_nanoseconds(seconds)
    joints = JointState(stamp, (), np.zeros(0), np.zeros(0))
    liquid = LiquidState(stamp, "beaker", "mug", "water", inflow_rate=inflow)
    return WorldState(joints, PourState(stamp, 3e-4, 0.0, 0.0, 0.0), liquid)


def chunk(seconds, samples):
    return AudioChunk(to_nanoseconds(seconds), np.asarray(samples, np.float32), SAMPLE_RATE)


def test_the_conditions_are_those_of_the_table():
    assert list(CONDITIONS) == NAMES
    assert chosen_conditions(["all"]) == tuple(NAMES)
    assert set(chosen_conditions(["quick", "dark"])) < set(NAMES)
    assert chosen_conditions(["dark", "replay", "dark"]) == ("dark", "replay")
    with pytest.raises(MultigenError, match=r"no condition 'foggy'; there are all, quick, seen_st"):
        chosen_conditions(["foggy"])


@pytest.mark.parametrize("name", NAMES)
def test_every_condition_can_be_drawn_and_differs_from_every_other(name):
    for seed in range(4):
        scene = drawn(name, seed)
        assert 0.85 * scene.target.vessel.capacity * 1e6 - scene.target.volume_ml > 30.0
    own = job(name)
    assert pickle.loads(pickle.dumps(own)) == own
    assert "nothing" not in name or own.told is Told.NOTHING
    assert own.key not in {job(other).key for other in NAMES if other != name}


def test_held_out_scenes_are_paired_by_seed():
    plain = drawn("held_out_station", 3)
    assert drawn("noise_0db", 3) == drawn("microphone_dies", 3) == plain
    assert drawn("prefilled", 3).source == plain.source


def test_a_prefilled_target_is_30_to_50_percent_full():
    fills = []
    for seed in range(20):
        target = drawn("prefilled", seed).target
        fills.append(target.volume_ml * 1e-6 / target.vessel.capacity)
    assert 0.3 <= min(fills) < 0.35
    assert 0.45 < max(fills) <= 0.5


def test_a_target_to_find_stands_anywhere_within_8_cm():
    places = np.array([drawn("held_out_nothing", seed).target.position for seed in range(40)])
    offsets = places - (0.65, 0.12, 0.0)
    assert np.abs(offsets[:, :2]).max() <= 0.08
    assert (np.abs(offsets[:, :2]).max(axis=0) > 0.06).all()
    assert not offsets[:, 2].any()


def test_the_other_camera_is_15_cm_and_15_degrees_off_and_outside_the_places_of_training():
    usual = CameraSpec()
    training = load_scene("randomised", 0).camera
    assert training.vertical_fov <= 42
    for seed in range(20):
        before, after = drawn("held_out_station", seed).camera, drawn("other_camera", seed).camera
        assert after.vertical_fov == 55.0
        assert after.look_at == before.look_at
        assert after.calibration_error == before.calibration_error
        assert np.linalg.norm(np.subtract(after.position, usual.position)) > 0.13
        cosine = before.pose[:2, 2] @ after.pose[:2, 2]
        cosine /= np.linalg.norm(before.pose[:2, 2]) * np.linalg.norm(after.pose[:2, 2])
        assert np.degrees(np.arccos(cosine)) == pytest.approx(15.0)
        assert not 0.0 <= after.position[1] <= 0.22


def test_the_dark_has_the_light_of_the_dark_scene_and_nothing_else():
    dark, plain = drawn("dark", 2), drawn("held_out_station", 2)
    assert dark.look == load_scene("dark", 0).look
    assert dark.model_copy(update={"look": plain.look}) == plain


def test_a_variation_of_nothing_leaves_the_scene_as_it_is():
    scene = load_scene("held_out", 5)
    applied = Variation().applied(scene, 5)
    assert applied.camera.position == pytest.approx(scene.camera.position, abs=1e-12)
    assert applied.model_copy(update={"camera": scene.camera}) == scene


@pytest.mark.parametrize("snr", [10.0, 0.0])
@pytest.mark.parametrize("recorded", [False, True])
def test_noise_is_as_far_below_the_loud_pour_as_asked(snr, recorded, tmp_path):
    rng = np.random.default_rng(0)
    quiet, loud = 1e-4 * rng.standard_normal(64_000), 0.02 * rng.standard_normal(64_000)
    pour = np.concatenate([quiet, loud]).astype(np.float32)
    if recorded:
        hum = 0.5 * np.sin(np.arange(44_100) / 40)
        soundfile.write(tmp_path / "hum.flac", np.stack([hum, hum], axis=1), 44_100)
    wanted = loud_power(pour) / 10 ** (snr / 10)
    background = Background.drawn(str(tmp_path) if recorded else "", 1, wanted)
    senses = DisturbedSenses(Disturbance(noise=True, snr=snr), 1, background)
    heard = [
        senses.hear(chunk(at / SAMPLE_RATE, pour[at : at + 1600]), world(at / SAMPLE_RATE)).samples
        for at in range(0, len(pour), 1600)
    ]
    noise = np.concatenate(heard) - pour
    measured = 10 * np.log10(power(loud) / power(noise))
    assert measured == pytest.approx(snr, abs=0.5)


def test_the_seed_decides_the_noise_and_impulse_responses_are_none(tmp_path):
    (tmp_path / "impulse_responses").mkdir()
    soundfile.write(tmp_path / "impulse_responses" / "room.wav", np.ones(1600), 16_000)
    with pytest.raises(MultigenError, match="no sound files; --noise takes a folder"):
        Background.drawn(str(tmp_path), 0, 1e-4)
    first, again, other = (Background.drawn("", seed, 1e-4).take(1600) for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_silent_noise_is_refused_by_name(tmp_path):
    soundfile.write(tmp_path / "nothing.wav", np.zeros(1600), 16_000)
    with pytest.raises(MultigenError, match=r"nothing\.wav: silent"):
        Background.drawn(str(tmp_path), 0, 1e-4)


def test_noise_goes_on_where_it_was_whatever_the_chunks():
    whole = Background.drawn("", 3, 1e-4).take(3000)
    parts = Background.drawn("", 3, 1e-4)
    assert np.array_equal(np.concatenate([parts.take(n) for n in (1, 999, 2000)]), whole)


def test_a_dead_sense_gets_nothing_and_the_other_everything():
    image = CameraFrame(0, np.zeros((4, 4, 3), np.uint8), "camera")
    sound = chunk(0, np.ones(160))
    blind = DisturbedSenses(Disturbance(dead_camera=True), 0)
    deaf = DisturbedSenses(Disturbance(dead_microphone=True), 0)
    assert blind.see(image, world(0)) is None
    assert blind.hear(sound, world(0)) is sound
    assert deaf.see(image, world(0)) is image
    assert deaf.hear(sound, world(0)) is None
    assert UNDISTURBED.see(image, world(0)) is image
    assert UNDISTURBED.hear(sound, world(0)) is sound


def test_the_microphone_dies_1_to_3_s_after_the_first_liquid_arrives():
    lasted = []
    for seed in range(30):
        senses = DisturbedSenses(job("microphone_dies").disturbance, seed)
        alive = [
            senses.hear(chunk(k / 10, np.ones(1600)), world(k / 10, 2e-5 * (k > 50))) is not None
            for k in range(100)
        ]
        assert all(alive[:51])
        died = alive.index(False)
        assert not any(alive[died:]), "it stays dead"
        lasted.append((died - 51) / 10)
    assert 1.0 <= min(lasted) < 1.5
    assert 2.5 < max(lasted) <= 3.1


def result(error, condition="dark", estimated=100.0, sigma=float("nan"), **more):
    return {
        "target_ml": 100.0, "poured_ml": 100.0 + error, "relative_error": abs(error) / 100,
        "error_ml": error, "spilled_ml": 1.0, "spill_fraction": 0.01,
        "success": abs(error) <= 10, "estimated_ml": estimated, "duration": 20.0,
        "outcome": "succeeded", "reason": "", "estimated_error_ml": sigma,
        "condition": condition, "simulated": True, "seed": 0, **more,
    }  # fmt: skip


def test_the_figures_of_a_condition_have_exactly_the_promised_keys():
    figures = condition_figures([result(4.0), result(-20.0), result(6.0)])
    assert list(figures) == KEYS
    assert figures["nmae"] == pytest.approx(0.1)
    low, high = figures["ci95"]
    assert low == pytest.approx(0.04)
    assert high == pytest.approx(0.2)
    assert figures["episodes"] == 3
    assert figures["spill"] == pytest.approx(0.01)
    assert figures["median_error_ml"] == pytest.approx(6.0)
    assert figures["success"] == pytest.approx(2 / 3)
    assert figures["calibration"] is None, "the policy told no standard deviation"
    assert list(condition_figures([])) == KEYS


def test_calibration_counts_the_pours_within_one_standard_deviation():
    pours = [result(4.0, sigma=5.0), result(6.0, sigma=5.0), result(-3.0, sigma=5.0), result(9.0)]
    assert condition_figures(pours)["calibration"] == pytest.approx(2 / 3)


def printed(figures, impossible):
    out = io.StringIO()
    print_conditions(figures, impossible, Console(file=out, width=80))
    return out.getvalue()


def test_the_table_tells_figures_what_cannot_be_poured_and_the_papers_figure():
    results = [result(4.0), result(-20.0), result(1.0, "replay", sigma=2.0)]
    groups = by_condition(results, ["dark", "replay", "seen_nothing"])
    figures = {name: condition_figures(own) for name, own in groups.items()}
    text = printed(figures, {"seen_nothing": "it needs [the held] vessel"})
    assert re.search(r"dark +0\.120 +0\.040 … 0\.200 +2 +50% ", text)
    assert max(map(len, text.splitlines())) <= 80
    assert "100%" in next(line for line in text.splitlines() if line.startswith("replay"))
    assert "seen_nothing: cannot pour here: it needs [the held] vessel" in text
    assert "0.46" in text


def test_the_best_the_median_and_the_worst_pour_are_shown_once_each():
    pours = [result(error) for error in (9.0, -1.0, 30.0, 4.0)]
    shown = telling(pours)
    assert {label: pour["error_ml"] for label, pour in shown.items()} == {
        "best": -1.0, "median": 4.0, "worst": 30.0,
    }  # fmt: skip
    assert list(telling(pours[:1])) == ["best"]
    assert telling([]) == {}


def test_nothing_on_the_page_is_taken_for_markup():
    evil = "<script>alert(1)</script>"
    pour = result(4.0, target_vessel=evil, reason=evil)
    page = render(
        evil, {"dark": condition_figures([pour]), "replay": condition_figures([])},
        {"dark": "no light", "replay": evil}, {"replay": evil},
        {"dark": [Clip("best", pour, b"\x1aE"), Clip("worst", pour, None)]},
    )  # fmt: skip
    assert "<script>" not in page
    assert page.count("<video") == 1
    assert "data:video/webm;base64,GkU=" in page
    assert "0.46" in page


def test_a_video_has_every_picture_and_all_of_the_sound():
    av = pytest.importorskip("av")
    pictures = [np.full((48, 64, 3), 10 * k, np.uint8) for k in range(12)]
    sound = (0.3 * np.sin(np.arange(19_200) / 5)).astype(np.float32)
    data = encode_video(pictures, 10, sound, SAMPLE_RATE)
    with av.open(io.BytesIO(data)) as container:
        shown = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    with av.open(io.BytesIO(data)) as container:
        heard = np.concatenate([f.to_ndarray().ravel() for f in container.decode(audio=0)])
    assert [round(float(picture.mean())) for picture in shown] == pytest.approx(
        [10 * k for k in range(12)], abs=6
    )
    assert len(heard) / 48_000 == pytest.approx(1.2, abs=0.05)
    assert np.sqrt(np.mean(heard**2)) == pytest.approx(0.3 / np.sqrt(2), rel=0.1)


def test_new_weights_in_the_same_place_make_another_job(tmp_path):
    (tmp_path / "mind.onnx").write_bytes(b"graph")
    weights = tmp_path / "mind.safetensors"
    weights.write_bytes(b"first")
    first = fingerprint(str(tmp_path))
    (tmp_path / "log.txt").write_text("epoch 3")
    assert fingerprint(str(tmp_path)) == first
    weights.write_bytes(b"second")
    assert fingerprint(str(tmp_path)) != first
    assert fingerprint("", "") == ""
    plain = job("dark")
    assert replace(plain, weights=first).key != plain.key
    assert replace(plain, noise="noises").key != plain.key


def test_the_figures_survive_json():
    figures = condition_figures([result(4.0)])
    assert json.loads(json.dumps(figures))["episodes"] == 1

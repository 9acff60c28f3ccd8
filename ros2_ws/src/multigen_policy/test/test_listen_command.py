import argparse
import json

import numpy as np
import pytest
import soundfile

from multigen_core.contract import SAMPLE_RATE
from multigen_core.errors import MultigenError
from multigen_core.world.catalogue import vessel
from multigen_policy.listening.command import register_listen

from .pour_sound import pour_into

HEADER = (
    "clip,container,shape,material,visibility,diameter_bottom_cm,diameter_top_cm,net_height_cm,"
    "duration_s,original_split\n"
)


def listen(*words):
    parser = argparse.ArgumentParser()
    register_listen(parser)
    args = parser.parse_args([str(word) for word in words])
    return args.run(args)


@pytest.fixture(scope="module")
def sound():
    return pour_into(vessel("straight_glass"), 60e-6, start=0.5, stop=6.5, seconds=7.0)[0]


@pytest.fixture
def recording(tmp_path, sound):
    soundfile.write(tmp_path / "pour.flac", sound, SAMPLE_RATE)
    return tmp_path / "pour.flac"


@pytest.fixture
def folder(tmp_path, sound):
    """Three good clips of two vessels, a silent one, a row without a file, one without size."""
    root = tmp_path / "clips"
    (root / "audio").mkdir(parents=True)
    row = "{},{},cylindrical,glass,transparent,{},7,12,7.0,train\n".format
    rows = [row("one", "glass_1", 7), row("two", "glass_1", 7), row("three", "glass_2", 7)]
    rows += [row("mute", "glass_2", 7), row("lost", "glass_2", 7), row("sizeless", "glass_2", "")]
    (root / "clips.csv").write_text(HEADER + "".join(rows))
    for name in ("one", "two", "three", "sizeless"):
        soundfile.write(root / "audio" / f"{name}.flac", sound, SAMPLE_RATE)
    soundfile.write(root / "audio" / "mute.flac", np.zeros(SAMPLE_RATE), SAMPLE_RATE)
    return root


def test_a_recording_gives_a_table_a_document_and_a_picture(recording, tmp_path, capsys):
    out, plots = tmp_path / "out.json", tmp_path / "plots"
    assert listen(recording, "--diameter-cm", 7, "--height-cm", 12,
                  "--json", out, "--plot", plots) == 0  # fmt: skip
    document = json.loads(out.read_text())
    last = document["estimates"][round(6.0 / 0.02)]
    assert last["fill"] == pytest.approx(60e-6 * 5.5 / vessel("straight_glass").capacity, abs=0.15)
    assert last["flowing"]
    assert last["audible"]
    assert (plots / "pour.png").read_bytes().startswith(b"\x89PNG")
    assert "air column" in capsys.readouterr().out


def test_a_recording_without_a_pour_says_so(tmp_path, capsys):
    hiss = 1e-4 * np.random.default_rng(0).standard_normal(2 * SAMPLE_RATE)
    soundfile.write(tmp_path / "hiss.wav", hiss, SAMPLE_RATE)
    assert listen(tmp_path / "hiss.wav") == 0
    assert "No flow was heard" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--diameter-cm", 7), "both"),
        (("--diameter-cm", 700, "--height-cm", 12), "700 cm"),
        (("--seeds", 0), "at least 1"),
    ],
)
def test_impossible_options_are_refused(recording, words, message):
    with pytest.raises(MultigenError, match=message):
        listen(recording, *words)


def test_a_folder_gives_the_tables_and_counts_what_was_skipped(folder, tmp_path, capsys):
    out = tmp_path / "out.json"
    assert listen(folder, "--json", out, "--plot", tmp_path / "plots") == 0
    document = json.loads(out.read_text())
    assert document["protocols"]["warp"]["excerpts"] == 3
    assert document["protocols"]["crop"]["vessels"] == 2
    skipped = " ".join(document["skipped"])
    assert len(document["skipped"]) == 3
    assert "mute" in skipped
    assert "silent" in skipped
    assert "lost: no file" in skipped
    assert "sizeless: diameter_bottom_cm" in skipped
    assert len(list((tmp_path / "plots").glob("*.png"))) == 3
    assert "3 clips skipped" in capsys.readouterr().out


def test_a_folder_without_a_usable_clip_is_an_error(folder):
    with pytest.raises(MultigenError, match="silent"):
        for name in ("one", "two", "three"):
            soundfile.write(folder / "audio" / f"{name}.flac", np.zeros(SAMPLE_RATE), SAMPLE_RATE)
        listen(folder)


def test_an_empty_folder_is_an_error_with_a_way_out(tmp_path):
    with pytest.raises(MultigenError, match=r"clips\.csv"):
        listen(tmp_path)

"""Episodes as bags: complete, resumable, and the same pours that are evaluated without bags."""

import shutil
import subprocess

import pytest

from multigen_core.bags import BagReader
from multigen_core.contract import AUDIO, AUDIO_VIEW, IMAGE_COMPRESSED, JOINT_STATES, LIQUID_STATE
from multigen_policy.evaluation.bag_episode import load_episode
from multigen_policy.evaluation.evaluate import evaluate


def generate(folder, *arguments):
    command = ["multigen", "generate", "--out", str(folder), "--workers", "1", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=240)


@pytest.fixture(scope="module")
def bags(tmp_path_factory):
    folder = tmp_path_factory.mktemp("episodes")
    done = generate(
        folder, "--episodes", "1", "--scene", "default", "--target-ml", "60", "60", "--hearing-view"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 episodes written" in done.stdout
    return folder


def test_an_episode_holds_what_a_recording_of_the_graph_does(bags):
    episode = load_episode(bags / "default-00000")
    (result,) = evaluate(episode)
    assert result["poured_ml"] == pytest.approx(60.0, abs=3.0)
    assert episode.sound.gaps == 0
    seconds = result["duration"]
    with BagReader(bags / "default-00000") as bag:
        for topic, rate in ((AUDIO, 50), (JOINT_STATES, 100), (LIQUID_STATE, 50)):
            assert bag.count(topic) >= seconds * rate * 0.98
        assert bag.count(AUDIO_VIEW) == bag.count(IMAGE_COMPRESSED) >= seconds * 9.8
        assert bag.metadata["policy"] == "expert"
        assert bag.metadata["target_ml"] == "60"


def test_what_exists_is_kept_and_what_was_cut_off_is_made_again(bags):
    finished = bags / "default-00000"
    before = {path: path.stat().st_mtime_ns for path in finished.iterdir()}
    cut = bags / ".unfinished" / "default-00001"
    cut.mkdir(parents=True)
    (cut / "default-00001.mcap").write_bytes(b"cut")
    done = generate(
        bags, "--episodes", "2", "--scene", "default", "--target-ml", "60", "60",
        "--synthesizer", "silent",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 episodes written" in done.stdout
    assert {path: path.stat().st_mtime_ns for path in finished.iterdir()} == before
    (result,) = evaluate(load_episode(bags / "default-00001"))
    assert result["poured_ml"] == pytest.approx(60.0, abs=3.0)
    shutil.rmtree(bags / "default-00001")


def test_a_folder_that_cannot_be_made_is_refused_before_any_episode(tmp_path):
    (tmp_path / "file").touch()
    done = generate(tmp_path / "file" / "episodes", "--episodes", "1")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "episodes: cannot be written: Not a directory" in line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--episodes", "0"], "episodes and processes must be at least 1"),
        (["--episodes", "1", "--target-ml", "60", "50"], "the smaller one first"),
        (["--episodes", "1", "--target-ml", "5", "50"], "two volumes of at least 20 ml"),
        (["--episodes", "1", "--scene", "moonbase"], "moonbase"),
        (["--episodes", "1", "--backend", "atlantis"], "backend 'atlantis' is not available"),
    ],
)
def test_what_cannot_be_made_is_said_in_one_line(tmp_path, arguments, message):
    done = generate(tmp_path, *arguments)
    assert done.returncode != 0
    output = " ".join((done.stdout + done.stderr).split())
    assert message in output
    assert "Traceback" not in output
    assert not list(tmp_path.glob("*-*"))

import numpy as np
import pytest
import soundfile

from multigen_core import contract
from multigen_core.ros.endpoints import subscribe


class Listener:
    """What arrives of a microphone."""

    def __init__(self, node):
        self.chunks, self.infos = [], []
        subscribe(node, contract.AUDIO, self.chunks.append)
        subscribe(node, contract.AUDIO_INFO, self.infos.append)


@pytest.fixture
def listener(peer):
    return Listener(peer)


@pytest.fixture
def sound(tmp_path):
    path = tmp_path / "sound.flac"
    samples = (3000 * np.random.default_rng(0).standard_normal(80000)).clip(-32767, 32767)
    soundfile.write(path, samples.astype(np.int16), 16000)
    return path


def test_a_sound_file_is_published_bit_by_bit(start_node, listener, sound, wait, health):
    process = start_node("multigen_robot", "microphone", device=sound, loop=True)
    wait(lambda: len(listener.chunks) > 50, "chunks")
    wait(lambda: listener.infos, "the latched info")
    info = listener.infos[0]
    assert (info.channels, info.sample_rate, info.sample_format) == (1, 16000, "S16LE")
    chunks = listener.chunks[:50]
    assert {len(chunk.samples) for chunk in chunks} == {320}
    assert chunks[0].frame_id == contract.MICROPHONE_FRAME
    steps = np.diff([chunk.stamp for chunk in chunks])
    assert (np.abs((steps + 1_000_000) % 20_000_000 - 1_000_000) < 1_000_000).all()
    played, _ = soundfile.read(sound, dtype="int16")
    doubled = np.concatenate([played, played]).tobytes()
    for chunk in chunks:
        assert np.rint(chunk.samples * 32767).astype(np.int16).tobytes() in doubled
    wait(lambda: health.message("/microphone") == "listening", "good health")
    assert process.end() == 0
    assert "Traceback" not in process.output


def test_a_virtual_microphone_is_heard_and_its_loss_reported(
    start_node, listener, virtual_microphone, sound, wait, health
):
    process = start_node("multigen_robot", "microphone", device="pulse")
    wait(lambda: len(listener.chunks) > 20, "chunks")
    virtual_microphone.play(sound)
    wait(lambda: max(np.abs(c.samples).max() for c in listener.chunks) > 0.1, "the sound")
    virtual_microphone.unplug()
    wait(lambda: health.level("/microphone") == b"\x02", "the error")
    count = len(listener.chunks)
    virtual_microphone.start()
    wait(lambda: len(listener.chunks) > count + 20, "sound again")
    assert process.end() == 0


def test_an_unknown_device_is_reported_with_the_available_ones(start_node, health, wait):
    process = start_node("multigen_robot", "microphone", device="'no such thing'")
    said = ("available:", "PortAudio")
    wait(lambda: any(word in health.message("/microphone") for word in said), "the error")
    assert process.child.poll() is None
    assert process.end() == 0


@pytest.mark.parametrize(
    ("parameters", "word"),
    [
        ({"device": "/no/such/sound.wav"}, "no such file"),
        ({"chunk": 1}, "chunk"),
        ({"use_sim_time": True}, "wall time"),
    ],
)
def test_wrong_parameters_end_the_node_with_one_line(start_node, parameters, word):
    start_node("multigen_robot", "microphone", **parameters).refuses(word)

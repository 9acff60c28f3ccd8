"""The adapter, against MMAudio's own source where it is installed, else its recorded interface."""

import sys
import textwrap
from importlib.util import find_spec

import numpy as np
import pytest

from multigen_audio.mmaudio import MMAudio, MMAudioConfig
from multigen_audio.mmaudio.api import FIELDS, SIGNATURES, check, differences, package_folder
from multigen_audio.mmaudio.pictures import clip_and_sync
from multigen_core.errors import MultigenError
from multigen_core.synthesizer import SynthesizerConfig, make_synthesizer
from multigen_core.types import CameraFrame

RATE = 16_000
START = 3_000_000_000


def frames(seconds: float, rate: float = 10.0, size: tuple[int, int] = (128, 160)) -> list:
    """Pictures whose shade is their number."""
    return [
        CameraFrame(START + round(i * 1e9 / rate), np.full((*size, 3), i % 256, np.uint8), "view")
        for i in range(round(seconds * rate) + 1)
    ]


class Counting:
    """Fills each window with its number, at MMAudio's other rate if asked."""

    def __init__(self, sample_rate: int = RATE) -> None:
        self.sample_rate = sample_rate
        self.starts: list[int] = []

    def generate(self, pictures, start) -> np.ndarray:
        self.starts.append(start)
        assert pictures[-1].stamp >= start + 7_999_999_999
        return np.full(8 * self.sample_rate, 0.1 * len(self.starts), np.float32)


def played(synthesizer: MMAudio, seconds: float) -> list:
    chunks = []
    for frame in frames(seconds):
        synthesizer.push(frame)
        chunks += synthesizer.pull()
    return chunks


@pytest.mark.parametrize("rate", [RATE, 44_100])
def test_windows_follow_each_other_without_gap(rate) -> None:
    generator = Counting(rate)
    synthesizer = MMAudio(generator, MMAudioConfig(hop=2.0, fade=0.5))
    chunks = played(synthesizer, 10.0)
    assert [chunk.stamp for chunk in chunks] == [START + k * 2_000_000_000 for k in range(4)]
    assert all(len(chunk.samples) == 2 * RATE for chunk in chunks)
    ends = [start + 8_000_000_000 for start in generator.starts]
    assert ends == [START + 2_500_000_000 + k * 2_000_000_000 for k in range(4)]


def test_sound_is_never_later_than_its_latency() -> None:
    synthesizer = MMAudio(Counting(), MMAudioConfig(hop=1.0, fade=0.2))
    given = START
    for frame in frames(6.0):
        synthesizer.push(frame)
        for chunk in synthesizer.pull():
            given = chunk.end
        assert frame.stamp - given <= synthesizer.latency * 1e9 + 1e8


def test_windows_are_cross_faded() -> None:
    chunks = played(MMAudio(Counting(), MMAudioConfig(hop=2.0, fade=0.5)), 8.0)
    sound = np.concatenate([chunk.samples for chunk in chunks])
    assert np.abs(np.diff(sound)).max() < 1e-3
    assert sound[2 * RATE + 8000] == pytest.approx(0.2, abs=0.01)


def test_a_reset_starts_anew() -> None:
    synthesizer = MMAudio(Counting(), MMAudioConfig(hop=2.0))
    first = played(synthesizer, 5.0)
    synthesizer.reset()
    assert synthesizer.pull() == []
    again = played(synthesizer, 5.0)
    assert [c.stamp for c in first] == [c.stamp for c in again]


def test_liquid_states_and_repeated_pictures_are_refused() -> None:
    synthesizer = MMAudio(Counting(), MMAudioConfig())
    with pytest.raises(TypeError, match="takes images"):
        synthesizer.push(object())
    synthesizer.push(frames(0)[0])
    with pytest.raises(ValueError, match="is not later"):
        synthesizer.push(frames(0)[0])


def test_pictures_are_what_the_encoders_were_trained_on() -> None:
    clip, sync = clip_and_sync(frames(8.0), START)
    assert clip.shape == (1, 64, 3, 384, 384)
    assert sync.shape == (1, 200, 3, 224, 224)
    # every encoder gets, at each of its moments, the first picture that is not before it
    shades = clip[0, :, 0, 0, 0] * 255
    assert shades.tolist() == [np.ceil(k / 8 * 10) for k in range(64)]
    shades = (sync[0, :, 0, 0, 0] + 1) / 2 * 255
    assert shades.tolist() == pytest.approx([np.ceil(round(k / 25 * 10, 6)) for k in range(200)])
    assert float(sync.min()) >= -1


def test_the_middle_of_wide_pictures_is_kept() -> None:
    rgb = np.zeros((240, 320, 3), np.uint8)
    rgb[:, 40:280] = 255
    clip, sync = clip_and_sync([CameraFrame(START, rgb, "camera")], START)
    assert (sync[..., 3:-3] == 1).all()
    assert clip[0, 0, 0, 0].mean() == pytest.approx(0.75, abs=0.01)


@pytest.mark.parametrize(
    ("checkpoint", "variant"), [("", "small_16k"), ("large_44k_v2", "large_44k_v2")]
)
def test_a_variant_is_named_by_the_checkpoint(checkpoint, variant) -> None:
    assert MMAudioConfig.of(checkpoint).variant == variant


def test_weights_and_settings_are_named_by_files(tmp_path) -> None:
    weights = tmp_path / "multigen_large_44k_v2_tuned.pth"
    weights.touch()
    assert MMAudioConfig.of(str(weights)).variant == "large_44k_v2"
    file = tmp_path / "settings.yaml"
    file.write_text("variant: small_44k\nprompt: tea\nhop: 1.0\n")
    assert MMAudioConfig.of(str(file)).prompt == "tea"
    file.write_text("hop: 7.9\n")
    with pytest.raises(MultigenError, match="must not exceed 8 s"):
        MMAudioConfig.of(str(file))
    with pytest.raises(MultigenError, match=r"not one of small_16k, .* a YAML file can give both"):
        MMAudioConfig.of("tuned.pth")


def test_the_installed_package_fits_the_recorded_interface() -> None:
    if find_spec("mmaudio") is None:
        pytest.skip("MMAudio is not installed; its recorded interface is tested instead")
    assert differences(package_folder()) == []


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of MMAudio's interface, whose sound is a tone, with files in place of weights."""
    folder = tmp_path / "mmaudio"
    for part in ("", "model", "model/utils"):
        (folder / part).mkdir(parents=True, exist_ok=True)
        (folder / part / "__init__.py").touch()
    for name, text in PACKAGE.items():
        (folder / name).write_text(textwrap.dedent(text))
    torch = pytest.importorskip("torch")
    for name in ("weights/mmaudio_small_16k.pth", "ext_weights/v1-16.pth"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        torch.save({}, tmp_path / name)
    for name in ("synchformer_state_dict.pth", "best_netG.pt"):
        (tmp_path / "ext_weights" / name).touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder
    for name in [name for name in sys.modules if name.split(".")[0] == "mmaudio"]:
        del sys.modules[name]


PACKAGE = {
    "eval_utils.py": """
        import dataclasses
        from pathlib import Path
        import torch
        from mmaudio.model.sequence_config import SequenceConfig

        @dataclasses.dataclass
        class ModelConfig:
            model_name: str
            model_path: Path
            vae_path: Path
            bigvgan_16k_path: Path
            mode: str
            synchformer_ckpt: Path

            @property
            def seq_cfg(self):
                return SequenceConfig(8.0, 16000, 256)

        all_model_cfg = {"small_16k": ModelConfig("small_16k", "", "", "", "16k", "")}

        def generate(clip_video, sync_video, text, *, negative_text=None, feature_utils, net, fm,
                     rng, cfg_strength):
            assert clip_video.shape == (1, 64, 3, 384, 384) and len(text) == len(negative_text) == 1
            assert sync_video.shape == (1, 200, 3, 224, 224) and cfg_strength == 4.5
            assert (net.latent, net.clip, net.sync) == (250, 64, 192) and fm.num_steps == 25
            return 0.1 * torch.randn(1, 1, 128000, generator=rng)
        """,
    "model/sequence_config.py": """
        import dataclasses

        @dataclasses.dataclass
        class SequenceConfig:
            duration: float
            sampling_rate: int
            spectrogram_frame_rate: int

            @property
            def latent_seq_len(self):
                return int(self.duration * self.sampling_rate / self.spectrogram_frame_rate / 2)

            @property
            def clip_seq_len(self):
                return int(self.duration * 8)

            @property
            def sync_seq_len(self):
                return int((self.duration * 25 - 16) // 8 + 1) * 8
        """,
    "model/networks.py": """
        import torch

        class MMAudio(torch.nn.Module):
            def update_seq_lengths(self, latent_seq_len, clip_seq_len, sync_seq_len):
                self.latent, self.clip, self.sync = latent_seq_len, clip_seq_len, sync_seq_len

            def load_weights(self, src_dict):
                self.load_state_dict(src_dict, strict=True)

        def get_my_mmaudio(name, **kwargs):
            return MMAudio()
        """,
    "model/flow_matching.py": """
        class FlowMatching:
            def __init__(self, min_sigma=0.0, inference_mode="euler", num_steps=25):
                self.num_steps = num_steps
        """,
    "model/utils/features_utils.py": """
        import torch

        class FeaturesUtils(torch.nn.Module):
            def __init__(self, *, tod_vae_ckpt=None, bigvgan_vocoder_ckpt=None,
                         synchformer_ckpt=None, enable_conditions=True, mode="16k",
                         need_vae_encoder=True):
                super().__init__()
                assert mode == "16k" and not need_vae_encoder
        """,
}


@pytest.mark.skipif(find_spec("mmaudio") is not None, reason="MMAudio itself is installed")
class TestRecordedInterface:
    """What happens with a package of the recorded interface."""

    def test_sound_is_made_of_windows_of_pictures(self, package) -> None:
        assert differences(package) == []
        synthesizer = make_synthesizer(SynthesizerConfig("mmaudio"))
        chunks = played(synthesizer, 8.0)
        assert [len(chunk.samples) for chunk in chunks] == [7 * RATE]
        assert chunks[0].samples.std() == pytest.approx(0.1, rel=0.1)

    def test_missing_weights_say_where_to_get_them(self, package) -> None:
        (package.parent / "ext_weights" / "v1-16.pth").unlink()
        with pytest.raises(MultigenError, match=r"no weights .*v1-16\.pth; get them from https"):
            make_synthesizer(SynthesizerConfig("mmaudio"))

    def test_weights_of_another_network_are_refused(self, package) -> None:
        torch = pytest.importorskip("torch")
        path = package.parent / "weights" / "mmaudio_small_16k.pth"
        torch.save({"foreign": torch.zeros(1)}, path)
        with pytest.raises(MultigenError, match=r"mmaudio_small_16k\.pth: Error\(s\) in loading"):
            make_synthesizer(SynthesizerConfig("mmaudio"))

    def test_another_version_is_refused_naming_what_changed(self, package) -> None:
        text = (package / "eval_utils.py").read_text()
        (package / "eval_utils.py").write_text(text.replace("cfg_strength", "guidance"))
        with pytest.raises(MultigenError, match=r"generate without cfg_strength.*commit 974010a"):
            check(package)

    def test_a_device_that_is_not_there_is_named(self, package) -> None:
        torch = pytest.importorskip("torch")
        if torch.cuda.is_available():
            pytest.skip("this machine has a GPU")
        with pytest.raises(MultigenError, match="device cuda does not exist"):
            make_synthesizer(SynthesizerConfig("mmaudio", device="cuda"))

    def test_a_missing_package_says_how_to_get_it(self) -> None:
        with pytest.raises(MultigenError, match="not installed; get it with: pip install git"):
            make_synthesizer(SynthesizerConfig("mmaudio"))


def test_the_recorded_interface_names_what_is_called() -> None:
    called = {name for names in SIGNATURES.values() for name in names}
    assert {"generate", "get_my_mmaudio", "FlowMatching.__init__"} <= called
    assert FIELDS["eval_utils.py"]["ModelConfig"]

"""MMAudio itself, loaded by its own package."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from multigen_audio.mmaudio.api import HOW_TO_GET, check, package_folder
from multigen_audio.mmaudio.config import WINDOW, MMAudioConfig
from multigen_audio.mmaudio.pictures import clip_and_sync
from multigen_core.errors import MultigenError
from multigen_core.types import CameraFrame

_SOURCE = "https://huggingface.co/hkchengrex/MMAudio (licence CC-BY-NC)"
_MEMORY = "it needs about 6 GB of memory; close other programs, or use the variant small_16k"


class Model:
    """Generates a window of sound from a window of images."""

    def __init__(self, config: MMAudioConfig, device: str, seed: int) -> None:
        """Load the networks.

        Raises:
            MultigenError: package, weights, device or memory are missing; says how to get them.
        """
        folder = package_folder()
        check(folder)
        files = _files(config, Path(config.folder) if config.folder else folder.parent)
        torch = _torch(device)
        try:
            from mmaudio.eval_utils import all_model_cfg
            from mmaudio.model.flow_matching import FlowMatching
            from mmaudio.model.networks import get_my_mmaudio
            from mmaudio.model.utils.features_utils import FeaturesUtils
        except ImportError as error:
            raise MultigenError(
                f"mmaudio: MMAudio cannot be imported ({error}); get it with: {HOW_TO_GET}"
            ) from error
        settings = all_model_cfg[config.variant]
        self._config, self._device = config, device
        dtype = torch.bfloat16 if device != "cpu" else torch.float32
        try:
            state = torch.load(files["model_path"], map_location=device, weights_only=True)
            self._net = get_my_mmaudio(settings.model_name).to(device, dtype).eval()
            self._net.load_weights(state)
            self._features = FeaturesUtils(
                tod_vae_ckpt=files["vae_path"],
                synchformer_ckpt=files["synchformer_ckpt"],
                enable_conditions=True,
                mode=settings.mode,
                bigvgan_vocoder_ckpt=files.get("bigvgan_16k_path"),
                need_vae_encoder=False,
            )
            self._features = self._features.to(device, dtype).eval()
        except torch.OutOfMemoryError as error:
            raise MultigenError(f"mmaudio: out of memory on {device}: {_MEMORY}") from error
        except (OSError, RuntimeError, KeyError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise MultigenError(f"mmaudio: {files['model_path']}: {reason}") from error
        sequence = settings.seq_cfg
        sequence.duration = WINDOW
        self.sample_rate: int = sequence.sampling_rate
        self._net.update_seq_lengths(
            sequence.latent_seq_len, sequence.clip_seq_len, sequence.sync_seq_len
        )
        self._flow = FlowMatching(min_sigma=0, inference_mode="euler", num_steps=config.steps)
        self._random = torch.Generator(device=device)
        self._random.manual_seed(seed)

    def generate(self, frames: Sequence[CameraFrame], start: int) -> NDArray[np.float32]:
        """The sound (N,) of WINDOW seconds from `start` [ns] on.

        Raises:
            MultigenError: there is not enough memory.
        """
        import torch
        from mmaudio.eval_utils import generate

        clip, sync = clip_and_sync(frames, start)
        try:
            with torch.inference_mode():
                sound = generate(
                    clip,
                    sync,
                    [self._config.prompt],
                    negative_text=[self._config.negative_prompt],
                    feature_utils=self._features,
                    net=self._net,
                    fm=self._flow,
                    rng=self._random,
                    cfg_strength=self._config.guidance,
                )
        except torch.OutOfMemoryError as error:
            raise MultigenError(f"mmaudio: out of memory on {self._device}: {_MEMORY}") from error
        return np.asarray(sound.float().cpu().numpy().reshape(-1), np.float32)


def _torch(device: str) -> Any:
    try:
        import torch
    except ImportError as error:
        raise MultigenError("mmaudio: PyTorch is not installed; see https://pytorch.org") from error
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise MultigenError(
            f"mmaudio: device {device} does not exist; on cpu a window of 8 s takes minutes"
        )
    return torch


def _files(config: MMAudioConfig, root: Path) -> dict[str, Path]:
    """The weights by the names of MMAudio's ModelConfig.

    Raises:
        MultigenError: one is missing, and where to get it.
    """
    rate = config.variant.split("_")[1]
    model = root / "weights" / f"mmaudio_{config.variant}.pth"
    files = {
        "model_path": Path(config.weights) if config.weights else model,
        "vae_path": root / "ext_weights" / f"v1-{rate[:2]}.pth",
        "synchformer_ckpt": root / "ext_weights" / "synchformer_state_dict.pth",
    }
    if rate == "16k":
        files["bigvgan_16k_path"] = root / "ext_weights" / "best_netG.pt"
    for path in files.values():
        if not path.is_file():
            raise MultigenError(
                f"mmaudio: no weights {path}; get them from {_SOURCE}, or let MMAudio's demo.py "
                f"download them, and name the folder above in a YAML file (folder: DIR)"
            )
    return files

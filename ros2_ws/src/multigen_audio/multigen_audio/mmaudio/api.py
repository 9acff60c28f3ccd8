"""The part of MMAudio's Python interface that the adapter uses, taken from its source."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from multigen_core.errors import MultigenError

RECORDED_FROM = "github.com/hkchengrex/MMAudio, commit 974010a (February 2026)"
HOW_TO_GET = "pip install git+https://github.com/hkchengrex/MMAudio (PyTorch with CUDA first)"

SIGNATURES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "eval_utils.py": {
        "generate": (
            "clip_video", "sync_video", "text", "negative_text", "feature_utils", "net", "fm",
            "rng", "cfg_strength",
        ),
    },
    "model/networks.py": {
        "get_my_mmaudio": ("name",),
        "MMAudio.update_seq_lengths": ("latent_seq_len", "clip_seq_len", "sync_seq_len"),
        "MMAudio.load_weights": ("src_dict",),
    },
    "model/flow_matching.py": {
        "FlowMatching.__init__": ("min_sigma", "inference_mode", "num_steps"),
    },
    "model/utils/features_utils.py": {
        "FeaturesUtils.__init__": (
            "tod_vae_ckpt", "bigvgan_vocoder_ckpt", "synchformer_ckpt", "enable_conditions", "mode",
            "need_vae_encoder",
        ),
    },
}  # fmt: skip
"""Arguments by which each function is called, by file and name."""
FIELDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "eval_utils.py": {
        "ModelConfig": (
            "model_name", "model_path", "vae_path", "bigvgan_16k_path", "mode", "synchformer_ckpt",
            "seq_cfg",
        ),
    },
    "model/sequence_config.py": {
        "SequenceConfig": (
            "duration", "sampling_rate", "latent_seq_len", "clip_seq_len", "sync_seq_len",
        ),
    },
}  # fmt: skip
"""Fields and properties of classes that are read, by file."""


def package_folder() -> Path:
    """Location of MMAudio's package.

    Raises:
        MultigenError: it is not installed, and how to get it.
    """
    spec = find_spec("mmaudio")
    if spec is None or not spec.submodule_search_locations:
        raise MultigenError(f"mmaudio: MMAudio is not installed; get it with: {HOW_TO_GET}")
    return Path(next(iter(spec.submodule_search_locations)))


def differences(folder: Path) -> list[str]:
    """Missing parts of a checkout's interface, found without importing it."""
    missing = []
    for table in (SIGNATURES, FIELDS):
        for file, names in table.items():
            found = _members(folder / file)
            for name, wanted in names.items():
                lacking = [argument for argument in wanted if argument not in found.get(name, ())]
                if lacking:
                    missing.append(f"{file}: {name} without {', '.join(lacking)}")
    return missing


def check(folder: Path) -> None:
    """Reject a version of MMAudio with a different interface.

    Raises:
        MultigenError: names the first difference.
    """
    if found := differences(folder):
        raise MultigenError(
            f"mmaudio: {folder} is incompatible: {found[0]}; this adapter was written for "
            f"{RECORDED_FROM}"
        )


def _members(path: Path) -> dict[str, tuple[str, ...]]:
    """Arguments of functions and methods, fields and methods of classes, of a source file."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, UnicodeDecodeError):
        return {}
    members: dict[str, tuple[str, ...]] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            members[node.name] = _arguments(node)
        elif isinstance(node, ast.ClassDef):
            members[node.name] = tuple(filter(None, map(_field, node.body)))
            for method in node.body:
                if isinstance(method, ast.FunctionDef):
                    members[f"{node.name}.{method.name}"] = _arguments(method)
    return members


def _arguments(node: ast.FunctionDef) -> tuple[str, ...]:
    return tuple(argument.arg for argument in (*node.args.args, *node.args.kwonlyargs))


def _field(node: ast.stmt) -> str:
    if isinstance(node, ast.FunctionDef):
        return node.name
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return node.target.id
    return ""

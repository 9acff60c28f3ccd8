"""Finished episodes as lines of JSON, so that an interrupted evaluation resumes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from multigen_core.errors import MultigenError
from multigen_core.files import append_line
from multigen_policy.evaluation.results import metrics_of


def journal_of(results: Path | None) -> Path | None:
    """The journal beside a file of results, if there is one."""
    return results.with_suffix(".jsonl") if results else None


def fingerprint(*checkpoints: str) -> str:
    """Identifies the content of checkpoints, files or folders with weights; '' if none is local."""
    files = [
        file
        for path in (Path(name).expanduser() for name in checkpoints if name)
        for file in (
            [path]
            if path.is_file()
            else sorted(path.glob("*.onnx*")) + sorted(path.glob("*.safetensors"))
        )
    ]
    if not files:
        return ""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def read_journal(path: Path) -> dict[str, dict[str, Any]]:
    """Results by job key; skips a line truncated by a kill."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise MultigenError(f"{path}: {error.strerror}") from error
    results = {}
    for number, line in enumerate(lines, 1):
        try:
            result = json.loads(line)
        except ValueError:
            continue
        try:
            metrics_of(result)
            results[str(result["job"])] = result
        except (KeyError, TypeError) as error:
            raise MultigenError(
                f"{path}:{number}: not a line of multigen evaluate ({error}); move it away"
            ) from error
    return results


def append_journal(path: Path, result: dict[str, Any]) -> None:
    """Append one result as a line and sync it to disk."""
    append_line(path, json.dumps(result, ensure_ascii=False))

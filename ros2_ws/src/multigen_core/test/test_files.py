import json

import pytest

from multigen_core.errors import MultigenError
from multigen_core.files import write_atomic, write_json


def test_nan_becomes_null(tmp_path):
    write_json(tmp_path / "a.json", {"x": float("nan"), "y": [1.0, float("inf")]})
    assert json.loads((tmp_path / "a.json").read_text()) == {"x": None, "y": [1.0, None]}


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.bin"
    write_atomic(path, b"old")
    with pytest.raises(TypeError):
        write_atomic(path, "text is not bytes")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.bin"]


def test_a_missing_folder_is_one_clear_line(tmp_path):
    with pytest.raises(MultigenError, match="cannot be written: No such file or directory"):
        write_json(tmp_path / "nowhere" / "a.json", {})

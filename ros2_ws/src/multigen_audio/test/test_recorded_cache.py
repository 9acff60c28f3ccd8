import numpy as np
import pytest

from multigen_audio.recorded.cache import cache_folder, remembered


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return cache_folder()


def counted(values):
    calls = []

    def make():
        calls.append(1)
        return {"x": np.array(values)}

    return make, calls


def test_the_same_key_is_made_once() -> None:
    make, calls = counted([1.0, 2.0])
    for _ in range(2):
        assert remembered("a", make)["x"].tolist() == [1.0, 2.0]
    assert len(calls) == 1
    remembered("b", make)
    assert len(calls) == 2


@pytest.mark.parametrize("content", [b"", b"PK half a file", b"not numpy"])
def test_a_spoilt_entry_is_made_anew(folder, content) -> None:
    make, calls = counted([3.0])
    remembered("a", make)
    (file,) = folder.iterdir()
    file.write_bytes(content)
    assert remembered("a", make)["x"].tolist() == [3.0]
    assert len(calls) == 2
    remembered("a", make)
    assert len(calls) == 2


def test_a_cache_that_cannot_be_written_does_no_harm(folder) -> None:
    folder.parent.mkdir(parents=True)
    folder.write_text("in the way")
    make, _ = counted([4.0])
    assert remembered("a", make)["x"].tolist() == [4.0]

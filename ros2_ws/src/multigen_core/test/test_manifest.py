import json
from functools import partial

import pytest

from multigen_core.errors import MultigenError
from multigen_core.manifest import FOLDER, read_manifests, unfinished, write_shard
from multigen_core.workers import run_tasks

from .shards import Noted, write

SHARDS = [Noted(seed) for seed in range(4)]


def contents(row):
    return row.seed, row.bytes, row.sha256, row.figures


def test_a_row_tells_what_was_written_and_by_whom(tmp_path):
    row = write_shard(tmp_path, write, SHARDS[3])
    assert (row.seed, row.path, row.figures) == (3, "shard-003", {"twice": 6.0})
    assert row.bytes == sum(file.stat().st_size for file in (tmp_path / row.path).iterdir())
    assert len(row.sha256) == 64
    assert read_manifests(tmp_path) == {"shard-003": row}
    assert unfinished(tmp_path, SHARDS) == SHARDS[:3]


def test_the_digest_is_of_the_contents_and_not_of_the_place(tmp_path):
    first, second = (write_shard(tmp_path / name, write, SHARDS[1]) for name in "ab")
    assert contents(first) == contents(second)
    assert contents(first) != contents(write_shard(tmp_path / "a", write, SHARDS[2]))


def test_several_processes_leave_one_row_for_each_shard(tmp_path):
    found = dict(run_tasks(partial(write_shard, tmp_path, write), SHARDS, 2))
    rows = read_manifests(tmp_path)
    assert [rows[shard.path] for shard in SHARDS] == [found[shard] for shard in SHARDS]
    assert len(list((tmp_path / FOLDER).iterdir())) == len({row.worker for row in rows.values()})


def test_a_shard_without_a_row_is_written_anew(tmp_path):
    write_shard(tmp_path, write, SHARDS[0])
    (tmp_path / SHARDS[1].path).mkdir()
    (tmp_path / SHARDS[1].path / "rest").write_text("of another run")
    assert unfinished(tmp_path, SHARDS[:2]) == [SHARDS[1]]
    write_shard(tmp_path, write, SHARDS[1])
    assert sorted(p.name for p in (tmp_path / SHARDS[1].path).iterdir()) == ["a", "b"]
    assert unfinished(tmp_path, SHARDS[:2]) == []


def test_a_row_without_a_shard_counts_for_nothing(tmp_path):
    row = write_shard(tmp_path, write, SHARDS[0])
    for file in (tmp_path / row.path).iterdir():
        file.unlink()
    (tmp_path / row.path).rmdir()
    assert unfinished(tmp_path, SHARDS) == SHARDS


def test_a_line_that_a_kill_cut_off_does_not_count_nor_spoil_the_next(tmp_path):
    row = write_shard(tmp_path, write, SHARDS[0])
    (manifest,) = (tmp_path / FOLDER).iterdir()
    manifest.write_text(json.dumps({"seed": 1})[:-3])
    assert read_manifests(tmp_path) == {}
    again = write_shard(tmp_path, write, SHARDS[0])
    assert contents(again) == contents(row)
    assert read_manifests(tmp_path) == {row.path: again}


def test_what_was_there_before_manifests_is_kept(tmp_path):
    for shard in SHARDS[:2]:
        write(tmp_path / shard.path, shard)
    assert unfinished(tmp_path, SHARDS) == SHARDS[2:]
    assert read_manifests(tmp_path)[SHARDS[1].path].worker == "found"
    write_shard(tmp_path, write, SHARDS[2])
    assert unfinished(tmp_path, SHARDS) == SHARDS[3:]


def test_a_shard_that_fails_leaves_neither_row_nor_files(tmp_path):
    with pytest.raises(MultigenError, match="no good"):
        write_shard(tmp_path, write, Noted(0, "fail"))
    assert unfinished(tmp_path, SHARDS[:1]) == SHARDS[:1]
    assert list(tmp_path.glob("shard-*")) == []

"""A real cluster of several nodes on this machine, in comparison with the process pool."""

import os
import sys
from functools import partial
from pathlib import Path

import pytest

from multigen_core.errors import MultigenError, WorkerDiedError
from multigen_core.manifest import read_manifests, unfinished, write_shard
from multigen_core.workers import run_tasks

from .shards import Noted, write

try:
    from ray.cluster_utils import Cluster
except ImportError:
    Cluster = None

needs_ray = pytest.mark.skipif(Cluster is None, reason="Ray is an extra: requirements/cluster.txt")
SHARDS = [Noted(seed, "slow") for seed in range(24)]


@pytest.fixture(scope="module")
def cluster():
    """Three nodes: the head, which runs nothing, and two with a core each."""
    package = Path(__file__).parents[1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(package), *sys.path]))
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_agent_register_timeout_ms", "300000")  # on a busy machine
        cluster = Cluster()
        small = {"object_store_memory": 80 * 2**20, "include_dashboard": False}
        cluster.add_node(num_cpus=0, **small)
        cluster.workers = [cluster.add_node(num_cpus=1, **small) for _ in range(2)]
        cluster.wait_for_nodes(timeout=300)
        yield cluster
        cluster.shutdown()


def contents(folder):
    """What the manifests tell that does not depend on who wrote and when."""
    rows = read_manifests(folder).values()
    return sorted((row.path, row.seed, row.bytes, row.sha256, str(row.figures)) for row in rows)


@needs_ray
def test_a_task_that_fails_or_kills_its_process_costs_itself_only(cluster, tmp_path):
    tasks = [Noted(0), Noted(1, "fail"), Noted(2, "die"), Noted(3)]
    found = dict(run_tasks(partial(write_shard, tmp_path, write), tasks, cluster.address))
    assert [found[tasks[index]].seed for index in (0, 3)] == [0, 3]
    assert isinstance(found[tasks[1]], MultigenError)
    assert str(found[tasks[1]]) == "no good"
    assert isinstance(found[tasks[2]], WorkerDiedError)


@needs_ray
def test_who_stops_listening_cancels_the_rest(cluster, tmp_path):
    run = run_tasks(partial(write_shard, tmp_path, write), SHARDS, cluster.address)
    next(run)
    run.close()
    left = len(unfinished(tmp_path, SHARDS))
    assert left > len(SHARDS) // 2


@needs_ray
def test_a_node_killed_in_mid_run_costs_nothing_and_the_result_is_the_process_pool_s(
    cluster, tmp_path
):
    there, here = tmp_path / "there", tmp_path / "here"
    run = run_tasks(partial(write_shard, there, write), SHARDS, cluster.address)
    found = [next(run) for _ in range(4)]
    cluster.remove_node(cluster.workers[0], allow_graceful=False)
    found += run
    assert {shard for shard, _ in found} == set(SHARDS)
    assert not [error for _, error in found if isinstance(error, Exception)]
    assert unfinished(there, SHARDS) == []
    list(run_tasks(partial(write_shard, here, write), SHARDS, 2))
    assert contents(there) == contents(here)
    for shard in SHARDS:
        for name in ("a", "b"):
            file = Path(shard.path) / name
            assert (there / file).read_bytes() == (here / file).read_bytes()


@pytest.mark.skipif(Cluster is not None, reason="Ray is installed")
def test_without_ray_it_is_said_what_to_install():
    with pytest.raises(MultigenError, match=r"pip install -r requirements/cluster\.txt"):
        list(run_tasks(str, [1], "auto"))

from argparse import Namespace

import pytest

from multigen_audio import bench
from multigen_audio.flow.networks.runtimes import runtimes


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(bench, "_SECONDS", 2.0)


@pytest.mark.parametrize("name", ["physical", "silent"])
def test_it_measures_speed_age_and_memory_of_a_synthesizer(short, name) -> None:
    figures = bench.measured(name)
    assert 0 < figures[f"{name}: real-time factor, live"] < 1
    assert 0 < figures[f"{name}: real-time factor, offline"] < 1
    ages = [
        figures[f"{name}: age of sound every 100 ms, {label} [ms]"]
        for label in ("median", "p95", "longest")
    ]
    assert 90 < ages[0] <= ages[1] <= ages[2]
    times = [
        figures[f"{name}: input to chunk, {label} [ms]"]
        for label in ("median", "p95", "p99", "longest")
    ]
    assert times == sorted(times)
    assert times[0] > 0
    assert figures[f"{name}: peak memory [MB]"] > 10


def test_what_cannot_be_made_tells_why(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("MULTIGEN_REAL_DATA", str(tmp_path))
    (reason,) = bench.measured("replay").items()
    assert reason[0] == "replay: not measured"
    assert "no recordings" in reason[1]


def test_every_synthesizer_is_measured_in_a_process_of_its_own(monkeypatch) -> None:
    monkeypatch.setattr(bench, "synthesizer_names", lambda: ["silent"])
    figures = bench.run(Namespace())
    assert figures["silent: real-time factor, live"] < 1
    assert figures["silent: peak memory [MB]"] > 10


def test_flows_networks_run_in_both_runtimes() -> None:
    factors = dict(runtimes())
    assert set(factors) == {"onnxruntime", "torch"}
    assert all(0 < factor < 2 for factor in factors.values())

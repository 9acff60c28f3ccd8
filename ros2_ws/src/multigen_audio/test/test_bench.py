from argparse import Namespace

from multigen_audio import bench


def test_it_measures_every_synthesizer_of_liquid_states(monkeypatch) -> None:
    monkeypatch.setattr(bench, "_SECONDS", 2.0)
    figures = bench.run(Namespace())
    for name in ("physical", "silent"):
        assert 0 < figures[f"{name}: real-time factor, live"] < 1
        assert figures[f"{name}: input to chunk, p95 [ms]"] > 0
    assert figures["peak memory [MB]"] > 10

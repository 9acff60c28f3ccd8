import json
import time

import numpy as np
import pytest

from multigen_core.sampling import INTERVAL, Sampler


def busy(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        json.loads(json.dumps([1.0] * 2000))


def test_time_goes_to_the_innermost_stage_that_runs():
    with Sampler({__name__: "outer", "json": "inner"}) as sampler:
        busy(0.4)
    spent = sampler.seconds
    assert set(spent) <= {"outer", "inner"}
    assert spent["inner"] > spent.get("outer", 0.0)
    assert sum(spent.values()) == pytest.approx(0.4, abs=0.1)


def test_compiled_code_counts_for_its_caller():
    matrix = np.ones((400, 400))
    end = time.process_time() + 0.2
    with Sampler({__name__: "caller"}) as sampler:
        while time.process_time() < end:
            matrix @ matrix
    assert set(sampler.seconds) == {"caller"}


def test_the_longest_name_that_fits_counts_and_the_rest_is_other():
    sampler = Sampler({"json": "package", "json.encoder": "encoder"})
    with sampler:
        busy(0.3)
    assert set(sampler.seconds) <= {"package", "encoder", "other"}
    assert sampler.seconds["encoder"] >= 2 * INTERVAL

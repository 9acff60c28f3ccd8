import pytest

from multigen_sim.validation.rig import Rig, make_vessel


@pytest.fixture(scope="session")
def pour_run():
    return Rig


@pytest.fixture(scope="session")
def some_vessel():
    return make_vessel

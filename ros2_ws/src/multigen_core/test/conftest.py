import pytest

from multigen_core.world.vessel import Vessel


@pytest.fixture(scope="session")
def some_vessel():
    """Makes a glass of any inner profile."""

    def make(profile):
        return Vessel(
            name="test",
            description="for tests",
            profile=profile,
            wall=0.002,
            mass=0.1,
            material="glass",
            opaque=False,
        )

    return make

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from multigen_core.world.curve import Curve

NUMBERS = st.floats(-1e6, 1e6)


@given(st.lists(NUMBERS, min_size=1, max_size=20, unique=True), st.data())
def test_it_equals_interp_to_the_bit_at_and_between_and_beyond_its_points(x, data):
    x = sorted(x)
    y = data.draw(st.lists(NUMBERS, min_size=len(x), max_size=len(x)))
    at = data.draw(st.one_of(NUMBERS, st.sampled_from(x)))
    assert Curve(x, y)(at) == np.interp(at, x, y)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multigen_sim.liquid.ledger import Ledger, Place

places = st.sampled_from(list(Place))


@given(st.lists(st.tuples(places, places, st.floats(-1.0, 1.0)), max_size=200))
def test_moves_keep_the_sum_and_never_overdraw(moves):
    ledger = Ledger(0.4, 0.1)
    for start, end, volume in moves:
        ledger.move(start, end, volume)
    assert ledger.total == pytest.approx(0.5, rel=1e-12)
    assert all(ledger[place] >= 0 for place in Place)


def test_moves_no_more_than_there_is():
    ledger = Ledger(0.2)
    assert ledger.move(Place.SOURCE, Place.AIR, 0.5) == 0.2
    assert ledger[Place.SOURCE] == 0.0

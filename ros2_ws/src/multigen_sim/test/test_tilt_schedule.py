from multigen_sim.tilt_schedule import TiltSchedule


def test_the_tilt_rises_stays_and_returns():
    schedule = TiltSchedule(rate=0.5, tilt=1.0, stay=1.0)
    assert schedule.duration == 5.0
    assert schedule.at(1.0) == (0.5, 0.5)
    assert schedule.at(2.5) == (1.0, 0.0)
    assert schedule.at(4.0) == (0.5, -0.5)
    assert schedule.at(9.0) == (0.0, 0.0)

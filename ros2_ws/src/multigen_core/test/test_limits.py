import numpy as np

from multigen_core.arm import Arm, Joint
from multigen_core.guard.limits import Limits


def test_limits_scale_speed_but_not_acceleration():
    joint = Joint(name="j", velocity=0.8, acceleration=2.0, home=0.0, xyz=(0, 0, 0), rpy=(0, 0, 0))
    limits = Limits.of(Arm(name="one", joints=(joint,)), 0.5, 0.1)
    assert (limits.velocity, limits.acceleration, limits.jump) == (0.4, 2.0, 0.1)
    assert limits.upper == np.inf

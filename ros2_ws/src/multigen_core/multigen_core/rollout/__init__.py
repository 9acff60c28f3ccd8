"""One pour from goal to outcome, driven by the node or the offline engine."""

from multigen_core.rollout.live import LiveRollout
from multigen_core.rollout.rollout import SMALLEST_GOAL, GoalError, Rollout
from multigen_core.rollout.session import Step

__all__ = ["SMALLEST_GOAL", "GoalError", "LiveRollout", "Rollout", "Step"]

"""Runs ROS 2 launch files where the `launch` package is absent.

`resolve` turns a launch file and its arguments into a `LaunchPlan` without starting anything;
`launch` runs it. Both take the documented XML subset (see `grammar`) and refuse everything else.
"""

from multigen_core.launching.errors import LaunchError
from multigen_core.launching.interpreter import resolve
from multigen_core.launching.plan import LaunchPlan, NodePlan
from multigen_core.launching.runner import launch

__all__ = ["LaunchError", "LaunchPlan", "NodePlan", "launch", "resolve"]

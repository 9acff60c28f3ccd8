"""Runs ROS 2 launch files with or without the `launch` package.

`resolve` converts a launch file and its arguments to a `LaunchPlan` without starting anything;
`launch` runs it. Both accept the documented XML subset (see `grammar`) and reject everything else.
"""

from multigen_launch.errors import LaunchError
from multigen_launch.interpreter import resolve
from multigen_launch.node_plan import NodePlan
from multigen_launch.plan import LaunchPlan
from multigen_launch.runner import launch

__all__ = ["LaunchError", "LaunchPlan", "NodePlan", "launch", "resolve"]

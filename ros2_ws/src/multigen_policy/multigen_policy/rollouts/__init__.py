"""Many pours in closed loop without ROS: evaluation and generation."""

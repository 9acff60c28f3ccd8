"""Closed-loop pours without ROS, for evaluation and data generation."""

"""The arm's guard, free of ROS: the node and the offline engine use the same."""

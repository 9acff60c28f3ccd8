"""What simulators with particles share: colliders, filling, volumes, ground truth and looks."""

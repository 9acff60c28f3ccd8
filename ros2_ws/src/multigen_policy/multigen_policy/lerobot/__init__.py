"""Recorded pours as LeRobot v3.0 datasets, written and read without the lerobot package."""

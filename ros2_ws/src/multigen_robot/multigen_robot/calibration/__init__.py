"""Calibration of a camera by a ChArUco board, and of vessels by photographs."""

"""Measured pours on a real robot."""

"""Checks and measurements of devices for `multigen doctor`."""

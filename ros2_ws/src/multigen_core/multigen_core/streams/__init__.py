"""Stamped data over time."""

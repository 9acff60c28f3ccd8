"""Vessels, liquids and scenes, and their static physics."""

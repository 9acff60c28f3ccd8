"""Vessels, liquids and scenes, and the physics of both: nothing here moves."""

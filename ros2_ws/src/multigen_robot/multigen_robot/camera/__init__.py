"""The camera, behind its node."""

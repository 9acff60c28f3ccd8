"""The laboratory scale, behind its node."""

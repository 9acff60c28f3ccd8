"""Base classes of device drivers."""

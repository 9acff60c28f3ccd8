"""Reduced-order hydraulics of a pour."""

"""Validation of the liquid model against closed forms, published figures and a particle solver."""

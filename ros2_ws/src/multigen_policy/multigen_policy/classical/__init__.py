"""Policies by hand: the ear, the clock, and the privileged expert."""

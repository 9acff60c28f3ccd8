"""Microphone driver."""

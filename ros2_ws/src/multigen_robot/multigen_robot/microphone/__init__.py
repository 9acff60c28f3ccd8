"""The microphone, behind its node."""

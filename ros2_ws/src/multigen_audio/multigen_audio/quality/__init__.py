"""Quality metrics of a synthesizer's sound for `multigen evaluate-audio`, one per module."""

"""How good a synthesizer's sound is: the figures of `multigen evaluate-audio`, one per module."""

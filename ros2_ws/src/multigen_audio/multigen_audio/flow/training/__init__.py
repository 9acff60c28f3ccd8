"""Training of the generative synthesizer's networks; needs torch."""

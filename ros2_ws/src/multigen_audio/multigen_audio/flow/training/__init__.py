"""What trains the networks of the generative synthesizer; needs torch."""

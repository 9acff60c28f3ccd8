"""The generative synthesizer: pictures in, sound out."""

"""The generative synthesizer: images in, sound out."""

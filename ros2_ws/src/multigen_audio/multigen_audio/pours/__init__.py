"""Simulated pours to train and measure on."""

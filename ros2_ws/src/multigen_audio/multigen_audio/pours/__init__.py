"""Simulated pours for training and evaluation."""

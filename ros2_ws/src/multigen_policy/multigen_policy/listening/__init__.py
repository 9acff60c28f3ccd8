"""Estimates how full a vessel is from the sound of pouring; pure, causal, streaming."""

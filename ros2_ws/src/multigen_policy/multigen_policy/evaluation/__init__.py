"""Metrics and reports of pours, from bags or closed-loop episodes."""

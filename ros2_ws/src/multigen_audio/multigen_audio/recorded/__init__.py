"""Real recordings: their clips, resonances and splits."""

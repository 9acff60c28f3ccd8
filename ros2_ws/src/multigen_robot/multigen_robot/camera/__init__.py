"""Camera driver."""

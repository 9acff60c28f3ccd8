"""One pour from goal to outcome, driven by the node or by the offline engine."""

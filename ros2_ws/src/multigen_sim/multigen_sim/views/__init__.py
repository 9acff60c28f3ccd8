"""Camera views of a pour."""

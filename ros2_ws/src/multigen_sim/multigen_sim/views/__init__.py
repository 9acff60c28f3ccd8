"""What the cameras see of a pour."""

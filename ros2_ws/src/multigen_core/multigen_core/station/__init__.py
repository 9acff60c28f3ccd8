"""What a policy may know of where it works, and the path that pours there."""

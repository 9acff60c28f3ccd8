"""What every real device takes."""

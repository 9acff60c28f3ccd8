"""Laboratory scale driver."""

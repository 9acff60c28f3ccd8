"""Shows a pour, live or recorded, in a browser."""

"""A backend with the liquid as particles, on Newton and Warp; an extra."""

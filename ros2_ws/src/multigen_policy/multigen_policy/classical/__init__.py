"""Classical policies: by ear, by the clock, and the privileged expert."""

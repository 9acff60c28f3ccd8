"""The liquid model held against closed forms, published figures and a particle solver."""

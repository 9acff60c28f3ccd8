"""What runs inside Isaac Sim, in its Python: the standard library, NumPy, USD and Isaac Sim only.

Nothing here imports MultiGen, and nothing outside a function imports Isaac Sim, whose modules exist
only once its application has started. `start.py` runs it as the package `multigen_isaac`.
"""

"""Training and inference shared by all networks.

`settings` holds the command-line options of a training run, `group` its processes, `loop` the
training loop and `checkpoint` its saved state; `export` writes the files that `weights` reads and
`runtime` runs without torch. Only `runtime`, `weights`, `settings` and `mel` work without torch.
"""

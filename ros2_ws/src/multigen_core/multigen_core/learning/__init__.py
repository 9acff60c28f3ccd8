"""What training and running a network take, whatever it learns.

`settings` is the command line of every training, `group` its processes, `loop` its steps and
`checkpoint` the state between them; `export` writes what `runtime` runs without torch, and
`weights` reads it. Only `runtime`, `weights`, `settings` and `mel` are imported without torch.
"""

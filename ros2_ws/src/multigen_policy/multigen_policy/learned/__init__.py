"""The learned policy: its inputs, data, network, training and the policy itself.

`inputs` turns observations into what the network takes, for the node, the demonstrations and
recorded bags alike. Only `network`, `losses`, `batches` and `training` import torch.
"""

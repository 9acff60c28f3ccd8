"""Choice of the torch device."""

from __future__ import annotations

import re

import torch

from multigen_core.config.parameters import DEVICE
from multigen_core.errors import MultigenError


def usable_device(name: str) -> torch.device:
    """The device called `name`, after checking that a tensor can be allocated on it.

    Raises:
        MultigenError: torch cannot use it.
    """
    expected = f"expected cpu, or cuda or cuda:N of {torch.cuda.device_count()} GPUs seen"
    if not re.fullmatch(DEVICE, name):
        raise MultigenError(f"device {name!r} is unknown; {expected}")
    device = torch.device(name)
    try:
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise MultigenError(f"device {name!r} cannot be used: {reason}; {expected}") from error
    return device

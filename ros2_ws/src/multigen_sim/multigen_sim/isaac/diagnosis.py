"""Why Isaac Sim ended, from what it printed, in one line that says what to do."""

from __future__ import annotations

import re
from pathlib import Path

_MOST_READ = 256 << 10
_LICENCE = (
    "NVIDIA's licence of Isaac Sim is not accepted here, and MultiGen never accepts it for you: "
    "read it, start Isaac Sim once by hand, or set the variable that NVIDIA names for it yourself"
)
_REASONS = (
    (r"accept the EULA|EULA\) must be accepted|EULA (was )?not accepted|ACCEPT_EULA", _LICENCE),
    (
        r"No module named '(isaacsim|omni|carb|pxr)[\w.]*'",
        "this Python has no complete Isaac Sim: point ISAAC_SIM_PATH at the folder with python.sh, "
        "or at the Python in which you installed the package isaacsim",
    ),
    (
        r"ERROR_INCOMPATIBLE_DRIVER|vkCreateInstance failed",
        "the driver offers no Vulkan: install a driver with graphics, 570.169 or newer; in a "
        "container set NVIDIA_DRIVER_CAPABILITIES=all; a GPU without ray tracing (A100, H100, "
        "H200, B200) is not supported by NVIDIA",
    ),
    (
        r"No device could be created|Failed to create any GPU devices|no CUDA-capable device",
        "Isaac Sim finds no GPU that it can use: it needs an RTX GPU that traces rays",
    ),
    (
        r"out of memory|OUT_OF_DEVICE_MEMORY|PxgCudaDeviceMemoryAllocator fail",
        "the GPU's memory is full: close other programs on it, or pour with fewer particles",
    ),
    (
        r"No space left on device",
        "the disk is full: Isaac Sim's caches take several gigabytes",
    ),
)
_TRIVIAL = re.compile(r"^\s*(\[?\w*\]?\s*)?$")


def reason(log: Path) -> str:
    """The best explanation in a log file; otherwise its last line and where to read it all."""
    try:
        with log.open("rb") as file:
            file.seek(max(log.stat().st_size - _MOST_READ, 0))
            text = file.read().decode(errors="replace")
    except OSError:
        text = ""
    for pattern, meaning in _REASONS:
        if re.search(pattern, text, re.IGNORECASE):
            return f"{meaning} (log: {log})"
    lines = [line.strip() for line in text.splitlines() if not _TRIVIAL.match(line)]
    said = f"it said last: {lines[-1][:200]}" if lines else "it said nothing"
    return f"{said} (log: {log})"

"""A fake of Isaac Sim's Python API, as narrow as what the worker calls and with its signatures."""

import os
import sys

from fake_engine import ENGINE, FAULT

if FAULT == "licence":
    print("By installing or using Isaac Sim, I agree to the terms of its licence")
    input("Do you accept the EULA? (Yes/No): ")


class SimulationApp:
    def __init__(self, launch_config=None, experience=""):
        assert not {name for name in sys.modules if name.startswith(("omni", "carb"))}
        assert not ENGINE.started, "one application per process"
        if FAULT == "vulkan":
            print("[Error] [carb.graphics-vulkan.plugin] VkResult: ERROR_INCOMPATIBLE_DRIVER")
            sys.stdout.flush()
            os._exit(1)
        ENGINE.started = True
        ENGINE.settings = {"/physics/updateToUsd": True, "/physics/updateParticlesToUsd": True}

    def close(self, wait_for_replicator=True):
        os._exit(0)

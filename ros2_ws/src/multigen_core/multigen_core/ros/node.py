"""Everything a node module imports: endpoints, parameters, diagnostics and the spin loop."""

from multigen_core.ros.diagnostics import Diagnostics, Health
from multigen_core.ros.endpoints import Sender, publisher, subscribe
from multigen_core.ros.factory import FACTORY
from multigen_core.ros.parameters import declare, parameter
from multigen_core.ros.run import fail, run, stop

__all__ = [
    "FACTORY",
    "Diagnostics",
    "Health",
    "Sender",
    "declare",
    "fail",
    "parameter",
    "publisher",
    "run",
    "stop",
    "subscribe",
]

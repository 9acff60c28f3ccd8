"""Runs the worker: `python.sh start.py SOCKET`, in Isaac Sim's Python.

It loads its folder as the package `multigen_isaac`, so that nothing else of MultiGen, which may be
built for another Python, has to be on the path.
"""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path


def main() -> None:
    """Serve the backend that listens on the socket, until it hangs up."""
    folder = Path(__file__).resolve().parent
    place = [str(folder)]
    spec = spec_from_file_location(
        "multigen_isaac", folder / "__init__.py", submodule_search_locations=place
    )
    assert spec is not None
    assert spec.loader is not None
    package = module_from_spec(spec)
    sys.modules["multigen_isaac"] = package
    spec.loader.exec_module(package)
    from multigen_isaac.serve import serve

    # Kit reads sys.argv for options of its own.
    address = sys.argv.pop(1)
    serve(address)


if __name__ == "__main__":
    main()

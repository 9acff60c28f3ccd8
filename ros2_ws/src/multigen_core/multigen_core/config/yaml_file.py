"""Validated YAML files: errors name the file, the key and what was expected."""

from __future__ import annotations

import os
import reprlib
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from multigen_core.errors import MultigenError

Model = TypeVar("Model", bound=BaseModel)

MAX_VALUES = 100_000
"""Largest number of values in a file."""
MAX_FAULTS = 10
"""Number of wrong keys named in one message."""
_BRIEF = reprlib.Repr()
_BRIEF.maxstring = _BRIEF.maxother = 100
_BRIEF.maxlevel = 2


class ConfigError(MultigenError):
    """A configuration file is missing or invalid."""


def share_directory(package: str) -> Path:
    """The installed share directory of a ROS package, from the ament index.

    Raises:
        ConfigError: the workspace is not sourced.
    """
    for prefix in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep):
        share = Path(prefix, "share", package)
        if prefix and share.is_dir():
            return share
    raise ConfigError(
        f"package {package} not found: source ros2_ws/install/setup.bash, or run make build first"
    )


def package_config(package: str, folder: str, name: str | Path) -> Path:
    """The path of a YAML file given as a path, or as the name of one shipped by a package.

    Raises:
        ConfigError: neither exists; the message lists the shipped names.
    """
    if Path(name).is_file():
        return Path(name)
    directory = share_directory(package) / "config" / folder
    if "/" not in str(name):
        path = directory / f"{Path(name).stem}.yaml"
        if path.is_file():
            return path
    shipped = ", ".join(sorted(path.stem for path in directory.glob("*.yaml")))
    raise ConfigError(f"{name}: no such file; shipped {folder}: {shipped}")


def load_yaml(path: Path) -> Any:
    """Parse a YAML file.

    Raises:
        ConfigError: it cannot be read or is not YAML.
    """
    try:
        return parse_yaml(path.read_text(encoding="utf-8"), path)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"{path}: not a UTF-8 text file: {error}") from error


def parse_yaml(text: str, source: str | Path) -> Any:
    """Parse YAML that came from `source`.

    Raises:
        ConfigError: it is not YAML.
    """
    try:
        data = yaml.safe_load(text)
    except RecursionError as error:
        raise ConfigError(f"{source}: not valid YAML: nested too deeply") from error
    # PyYAML leaves numbers, dates and tags to Python, with Python's errors.
    except (
        yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, ArithmeticError,
    ) as error:  # fmt: skip
        raise ConfigError(f"{source}: not valid YAML: {error}") from error
    if not _is_bounded(data):
        raise ConfigError(
            f"{source}: not valid YAML: its aliases expand to more than {MAX_VALUES} values"
        )
    return data


def _is_bounded(data: Any) -> bool:
    """Whether the data is finite and small: aliases may nest, or refer to themselves."""
    stack, count = [data], 0
    while stack and count <= MAX_VALUES:
        value = stack.pop()
        count += 1
        if isinstance(value, dict):
            stack += value.values()
        elif isinstance(value, list | tuple | set):
            stack += value
    return not stack


def validate(
    model: type[Model], data: Any, source: str | Path, context: dict[str, Any] | None = None
) -> Model:
    """`data` as a `model`; its validators receive `context`.

    Raises:
        ConfigError: names `source` and every wrong key on one line.
    """
    try:
        return model.model_validate(data, context=context)
    except ValidationError as error:
        faults = [
            f"{'.'.join(map(str, fault['loc'])) or 'top level'}: {_message(fault, model)}"
            for fault in error.errors()[:MAX_FAULTS]
        ]
        if (more := error.error_count() - MAX_FAULTS) > 0:
            faults.append(f"and {more} more")
        raise ConfigError(f"{source}: {'; '.join(faults)}") from error


def _message(fault: Any, model: type[BaseModel]) -> str:
    if fault["type"] == "extra_forbidden" and len(fault["loc"]) == 1:
        return f"unknown key; valid keys: {', '.join(model.model_fields)}"
    message = str(fault["msg"])
    if fault["type"] == "missing":
        return message
    given = _BRIEF.repr(fault["input"])
    return message if len(given) > 80 else f"{message}, got {given}"


def load_model(model: type[Model], path: Path) -> Model:
    """A YAML file as a `model`.

    Raises:
        ConfigError: it cannot be read or a key is wrong.
    """
    return validate(model, load_yaml(path), path)

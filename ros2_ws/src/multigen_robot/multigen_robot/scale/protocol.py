"""Serial protocols of laboratory scales."""

from __future__ import annotations

import re
from dataclasses import dataclass

from multigen_core.errors import MultigenError

UNITS = {
    "mg": 1e-6,
    "g": 1e-3,
    "kg": 1.0,
    "ct": 2e-4,
    "gn": 64.79891e-6,
    "oz": 28.349523125e-3,
    "lb": 0.45359237,
}
"""Kilograms per unit. `gr` is excluded: a gram to some makers, a grain to others."""
_VALUE = r"(?P<value>[+-]?\s*\d+(?:\.\d*)?(?:\[\d\])?)"
"""A number; brackets enclose an unverified digit."""
_UNIT = r"(?P<unit>[A-Za-z]+)"


class ScaleError(MultigenError):
    """The scale cannot be read."""


@dataclass(frozen=True, slots=True)
class Protocol:
    """The lines of a scale, and the request for one.

    `reading` has a group `value` and optionally `unit` (default: grams), `stable` (present only in
    stable readings) and `moving` (present only in unstable ones). `over` and `under` match a load
    out of range. `request` is sent before every reading.
    """

    reading: re.Pattern[str]
    over: re.Pattern[str] | None = None
    under: re.Pattern[str] | None = None
    request: bytes = b""


def _protocol(reading: str, over: str, under: str, request: bytes = b"") -> Protocol:
    return Protocol(re.compile(reading), re.compile(over), re.compile(under), request)


_HEADED = (
    rf"\b(?:(?P<stable>ST)|US),(?:(?:GS|GW|NT|G|N|LO|OK|HI|--)[, ])?\s*{_VALUE}\s*{_UNIT}",
    r"\bOL(?!,-)",
    r"\bOL,-",
)
_UNITLESS_WHILE_MOVING = rf"^\s*(?:[A-Z]\S{{0,5}}\s+)?{_VALUE}\s*(?P<stable>{_UNIT})?\s*$"

PROTOCOLS = {
    "standard": _protocol(*_HEADED),
    "a-and-d": _protocol(*_HEADED, b"Q\r\n"),
    "mt-sics": _protocol(
        rf"^S (?:(?P<stable>S)|D)\s+{_VALUE}\s+{_UNIT}", r"^S \+", r"^S -", b"SI\r\n"
    ),
    "sartorius": _protocol(
        _UNITLESS_WHILE_MOVING,
        r"^\s*(?:Stat)?\s*(?:H+|High)\s*$",
        r"^\s*(?:Stat)?\s*(?:L+|Low)\s*$",
        b"\x1bP\r\n",
    ),
    "kern": _protocol(_UNITLESS_WHILE_MOVING, r"^\s*Error", r"(?!)", b"w"),
    "ohaus": _protocol(
        rf"^\s*{_VALUE}\s+{_UNIT}\s*(?P<moving>\?)?",
        r"Err(?:or)?\W*8\.3",
        r"Err(?:or)?\W*8\.4",
        b"IP\r\n",
    ),
}
"""Protocols by maker. `standard` is A&D's text format, copied by many and sent without request;
Kern's newer models use MT-SICS."""


def protocol(name: str, request: str = "") -> Protocol:
    r"""The protocol by name in `PROTOCOLS`, or from a regular expression for its readings.

    `request` replaces the protocol's own; \r, \n and \x1b stand for control characters.

    Raises:
        ScaleError: the expression or the request is invalid.
    """
    found = PROTOCOLS.get(name.lower()) or Protocol(_expression(name))
    if not request:
        return found
    try:
        asked = request.encode("ascii").decode("unicode_escape").encode("latin1")
    except UnicodeError as error:
        raise ScaleError(f"request {request!r}: use ASCII characters, \\r, \\n, \\x1b") from error
    return Protocol(found.reading, found.over, found.under, asked)


def _expression(text: str) -> re.Pattern[str]:
    known = ", ".join(PROTOCOLS)
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise ScaleError(
            f"protocol {text!r}: not one of {known} or a valid regular expression: {error}"
        ) from error
    if "value" not in pattern.groupindex:
        raise ScaleError(
            f"protocol {text!r}: use one of {known}, or an expression with a group (?P<value>…)"
        )
    return pattern


@dataclass(frozen=True, slots=True)
class Reading:
    """A mass [kg] read at `stamp` [ns], and whether it is stable.

    The mass is NaN if there is a `fault`, which says why.
    """

    stamp: int
    mass: float
    stable: bool
    fault: str = ""


def unknown(stamp: int, fault: str) -> Reading:
    """A reading without a known mass."""
    return Reading(stamp, float("nan"), False, fault)


def parse(line: str, spoken: Protocol, stamp: int) -> Reading | None:
    """The reading in a line of text, None if there is none."""
    for pattern, fault in ((spoken.over, "overloaded"), (spoken.under, "underloaded")):
        if pattern is not None and pattern.search(line):
            return unknown(stamp, fault)
    found = spoken.reading.search(line)
    if found is None:
        return None
    groups = found.groupdict()
    try:
        value = float(re.sub(r"[\s\[\]]", "", groups["value"]))
    except ValueError:
        return None
    unit = groups.get("unit") or "g"
    if unit.lower() not in UNITS:
        return unknown(stamp, f"in unit {unit}, which is not one of {', '.join(UNITS)}")
    stable = groups.get("stable", "") is not None and groups.get("moving") is None
    return Reading(stamp, value * UNITS[unit.lower()], stable)

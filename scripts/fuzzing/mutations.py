"""Damage to bytes and to text."""

import random
import re

BYTES = (0x00, 0xFF, 0x7F, 0x80, 0x01)
TOKENS = (
    "0", "-1", "nan", ".inf", "-.inf", "1e308", "-0.0", "99999999999999999999", "2001-99-99", "0x",
    "null", "true", "''", "[]", "{}", "[[[[", "}{", "!!int x", "&a [*a]", "*b", "? x", "- -", "\t",
    "\u0000", "\u2028", "é", "'", '"', "%", "@", "`", "|", ">", "a: b: c", "~", "[1, [2], {c: 3}]",
    "x" * 2000, "[" * 300,
)  # fmt: skip
_VALUE = re.compile(r"(?<=[:,\[\s;])[^\s,\[\]{}:;]+")


def damaged(data: bytes, rng: random.Random) -> bytes:
    """`data` with one to four bits, bytes or stretches changed, or cut off."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        if not changed:
            break
        at = rng.randrange(len(changed))
        size = min(rng.choice((1, 2, 4, 8, 8, 64, 512)), len(changed) - at)
        kind = rng.randrange(8)
        if kind <= 2:
            changed[at] ^= 1 << rng.randrange(8)
        elif kind == 3:
            changed[at : at + size] = bytes([rng.choice(BYTES)]) * size
        elif kind == 4:
            changed[at : at + size] = rng.randbytes(size)
        elif kind == 5:
            del changed[at : at + size]
        elif kind == 6:
            changed[at:at] = changed[at : at + size]
        else:
            del changed[at:]
    return bytes(changed)


def reworded(data: bytes, rng: random.Random) -> bytes:
    """Text with some values or lines of another kind; now and then damaged as bytes are."""
    if rng.random() < 0.3:
        return damaged(data, rng)
    lines = data.decode().splitlines()
    for _ in range(rng.choice((1, 1, 2, 3))):
        at = rng.randrange(len(lines))
        values = list(_VALUE.finditer(lines[at]))
        kind = rng.randrange(6)
        if kind <= 2 and values:
            value = rng.choice(values)
            line, token = lines[at], rng.choice(TOKENS)
            lines[at] = line[: value.start()] + token + line[value.end() :]
        elif kind == 3:
            lines[at] = lines[at][: rng.randrange(len(lines[at]) + 1)] + rng.choice(TOKENS)
        elif kind == 4 and len(lines) > 1:
            del lines[at]
        else:
            lines.insert(at, lines[rng.randrange(len(lines))])
    return "\n".join(lines).encode(errors="surrogatepass")

"""Runs cases in a process of their own, so that one that hangs or crashes is told, too."""

import logging
import multiprocessing
import os
import random
import resource
import signal
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from fuzzing.families import Family, lay
from multigen_core.errors import MultigenError

PATIENCE = 10.0
"""How long a case may compute [s]."""
STANDSTILL = 300.0
"""How long it may take on a machine that is busy with other things [s]."""
MEMORY = 2**30
"""What a case's process may take [bytes]."""
ADDRESSES = 8 * 2**30
"""What it may ask for; a claimed size beyond it fails at once instead of filling the machine."""

FINE = ("as before", "refused", "told", "changed")
FAULTS = ("silent", "traceback", "lines", "memory", "hang", "crash")


@dataclass
class Tally:
    """How the cases of a family ended, with an example of each fault."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    @property
    def faults(self) -> int:
        """Cases that must not be."""
        return sum(self.counts[outcome] for outcome in FAULTS)


def run(family: Family, seeds: list[int], folder: Path) -> Tally:
    """Every case of a family, each by its seed."""
    tally = Tally()
    rest = list(seeds)
    while rest:
        for outcome, detail in _process(family, rest, folder):
            tally.counts[outcome] += 1
            if outcome in FAULTS:
                tally.examples.setdefault(outcome, f"seed {rest[0]}: {detail}")
            rest.pop(0)
    return tally


def _process(family: Family, seeds: list[int], folder: Path) -> Iterator[tuple[str, str]]:
    """The outcomes of the first seeds, up to one that takes the process with it."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(family, seeds, folder, theirs))
    process.start()
    theirs.close()
    try:
        for _ in range(len(seeds) + 1):
            if not ours.poll(STANDSTILL):
                yield "hang", f"more than {STANDSTILL:.0f} s"
                return
            told = ours.recv()
            if told is None:
                continue
            if told[0] == "unfit":
                raise RuntimeError(f"{family.name} cannot be read undamaged: {told[1]}")
            yield told
            if told[0] == "memory":
                return
    except EOFError:
        process.join()
        if process.exitcode == -signal.SIGPROF:
            yield "hang", f"more than {PATIENCE:.0f} s of computing"
        else:
            yield "crash", f"exit status {process.exitcode}"
    finally:
        process.kill()
        process.join()


def _work(family: Family, seeds: list[int], folder: Path, pipe: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
    warnings.simplefilter("ignore")
    words: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: words.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger().handlers = [handler]
    # The libraries for JPEG and MP3 write to stderr by themselves.
    for number in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), number)
    lay(family, folder, None)
    try:
        expected = family.read(folder)
    except Exception:
        pipe.send(("unfit", traceback.format_exc()))
        return
    pipe.send(None)
    for seed in seeds:
        lay(family, folder, random.Random(f"{family.name} {seed}"))
        words.clear()
        signal.setitimer(signal.ITIMER_PROF, PATIENCE)
        outcome = _outcome(family, folder, expected, words)
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        pipe.send(outcome)


def _outcome(family: Family, folder: Path, expected: object, words: list[str]) -> tuple[str, str]:
    try:
        found = family.read(folder)
    except MultigenError as error:
        outcome, detail = "refused", str(error)
        if "\n" in detail:
            outcome = "lines"
    except BaseException:
        outcome, detail = "traceback", traceback.format_exc(limit=-4)
    else:
        detail = ""
        outcome = "as before" if found == expected else "told" if words else "changed"
        if outcome == "changed" and family.checked:
            outcome, detail = "silent", f"{found} instead of {expected}"
    if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 > MEMORY:
        return "memory", f"more than {MEMORY / 2**30:g} GiB; {outcome}"
    return outcome, detail

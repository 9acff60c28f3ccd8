#!/usr/bin/env python3
"""Damages every kind of input and reads it: bags, YAML, tables, sound, weights and messages.

Whatever is read must be read as before, be refused by one line that is the user's to mend, or have
something said of it: no traceback, nothing that hangs or takes more than 1 GiB, and no change of
figures without a word where a checksum could tell. Ends with status 1 otherwise.
"""

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from fuzzing.families import families
from fuzzing.runner import FAULTS, FINE, run


def main() -> int:
    """Run the cases and print a table of how they ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=5000, help="in all [%(default)s]")
    parser.add_argument("--seed", type=int, default=0, help="of the first case [%(default)s]")
    parser.add_argument("--only", default="", help="families whose name holds this")
    parser.add_argument("--verbose", action="store_true", help="show an example of each fault")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="multigen_fuzz.") as name:
        folder = Path(name)
        found = [family for family in families(folder) if args.only in family.name]
        total = sum(family.weight for family in found)
        print("| input | cases |", " | ".join((*FINE, *FAULTS)), "|")
        print("|---|" + "---|" * (len(FINE) + len(FAULTS) + 1))
        faults = 0
        for family in found:
            count = max(1, round(args.cases * family.weight / total))
            tally = run(family, list(range(args.seed, args.seed + count)), folder / "case")
            faults += tally.faults
            figures = " | ".join(str(tally.counts[outcome]) for outcome in (*FINE, *FAULTS))
            print(f"| {family.name} | {count} | {figures} |", flush=True)
            for outcome, example in tally.examples.items() if args.verbose else ():
                print(f"<!-- {outcome}: {example} -->", file=sys.stderr, flush=True)
    print(f"{faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

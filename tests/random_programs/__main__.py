"""The long run, and the close look at one program: `python -m tests.random_programs --help`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.random_programs import model
from tests.random_programs.campaign import campaign, one_thread
from tests.random_programs.compare import compare
from tests.random_programs.generate import numbered
from tests.random_programs.keep import explained, keep, smallest


def main() -> int:
    """Runs what was asked for; 1 where linter and PyTorch disagree too much."""
    asked = _arguments()
    if asked.only is not None:
        with one_thread():
            _look(asked.seed, asked.only, asked.reduce)
        return 0
    tally = None
    for index, program, comparison, tally in campaign(asked.seed, asked.count):
        if asked.keep and comparison.disagree:
            print(keep(asked.keep, f"seed {asked.seed} program {index}", program, comparison))
        if asked.progress and (index + 1) % asked.progress == 0:
            print(f"{tally}\n", flush=True)
    assert tally is not None
    print(tally)
    print("died of:", *tally.crashed[:50])
    print("missed:", *tally.missed[:50])
    print("clean and reported:", *tally.alarmed[:50])
    if asked.features:
        for feature, count in sorted(tally.features.items()):
            print(f"{count:7} {feature}")
    return 0 if tally.passed else 1


def _look(seed: int, index: int, reduce: bool) -> None:
    program = numbered(seed, index)
    comparison = compare(program)
    if reduce and comparison.disagree:
        program = smallest(program, comparison)
    print(explained(program, f"seed {seed} program {index}"))
    for number in program.writes:
        print(f"# --- write {number} in autograd's sight ---")
        print(model.with_tracked(program, number))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.random_programs", description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="how many programs")
    parser.add_argument("--seed", type=int, default=0, help="which sequence of programs")
    parser.add_argument("--keep", type=Path, help="a folder for disagreements, made small")
    parser.add_argument("--progress", type=int, default=0, help="print a tally every so many")
    parser.add_argument("--features", action="store_true", help="print what programs contained")
    parser.add_argument("--only", type=int, help="show this one program of the sequence")
    parser.add_argument("--reduce", action="store_true", help="with --only: make it small first")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

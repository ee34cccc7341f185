"""datalint beside other tools on the same trees: `python -m tests.benchmarks.compare`.

What is compared runs in turns, so that whatever else the machine does meets all alike. Each
command runs beforehand to fill its cache, if it has one, and to show its memory.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile
from math import nan
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import click

from tests.benchmarks.contenders import (
    OVER_A_TREE,
    OVER_ONE_FILE,
    TOOLS,
    Contender,
    Pair,
    install_torchfix,
    over_a_tree,
    over_one_file,
)
from tests.benchmarks.measure import Costs, Failed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ROOT = Path(__file__).parents[2]
TREES = ("torch", "torch/nn", "torch/optim", "file")


@click.command(help="Print tables, in Markdown, of what datalint and other tools take.")
@click.option("--tool", "tools", type=click.Choice(TOOLS), multiple=True, help="Only these tools.")
@click.option(
    "--tree",
    "trees",
    type=click.Choice(TREES),
    multiple=True,
    help="Only these of torch's folders; `file` is single files.",
)
@click.option(
    "--corpus",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    multiple=True,
    help="This folder as well.",
)
@click.option("--no-cold", is_flag=True, help="Leave out datalint and others without a cache.")
@click.option(
    "--repeat", type=click.IntRange(min=1), default=5, help="How many rounds; 5, if not said."
)
def main(
    tools: tuple[str, ...],
    trees: tuple[str, ...],
    corpus: tuple[Path, ...],
    no_cold: bool,
    repeat: int,
) -> None:
    """Measure, and print a table for each tree as soon as it is there."""
    wanted = tools or TOOLS
    if "torchfix" in wanted:
        install_torchfix()
    chosen = trees or (() if corpus else TREES)
    places = [(tree, _torch() / tree) for tree in chosen if tree != "file"]
    places += [(str(path), path.absolute()) for path in corpus]
    print(_machine())
    for name, place in places:
        with tempfile.TemporaryDirectory() as scratch:
            contenders = over_a_tree(place, Path(scratch))
            if no_cold:
                contenders = [each for each in contenders if each.is_warm]
            _tell(f"{name}: {_count(place)} files", contenders, OVER_A_TREE, wanted, repeat)
    if "file" in chosen:
        with tempfile.TemporaryDirectory() as scratch:
            contenders = over_one_file(Path(scratch))
            _tell("one file of 500 lines", contenders, OVER_ONE_FILE, wanted, repeat)


def _tell(
    title: str,
    contenders: Sequence[Contender],
    pairs: Iterable[Pair],
    tools: Sequence[str],
    repeat: int,
) -> None:
    costs = measure([each for each in contenders if each.tool in tools], repeat)
    print(f"\n## {title}\n\n{table(costs)}\n\n{ratios(costs, pairs)}", flush=True)


def measure(contenders: Sequence[Contender], repeat: int) -> dict[str, Costs]:
    """By name, what each takes in so many rounds; raises `Failed`."""
    costs = {each.name: Costs() for each in contenders}
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        environment = _environment(here)
        for each in contenders:
            if each.is_warm:
                Costs().take_time(each.command, here, environment)
            costs[each.name].take_memory(each.command, here, environment)
        for _ in range(repeat):
            for each in contenders:
                costs[each.name].take_time(each.command, here, environment)
    return costs


def table(costs: Mapping[str, Costs]) -> str:
    """The medians, as Markdown."""
    rows = []
    for name, cost in costs.items():
        wall, cpu, peak = median(cost.wall), median(cost.cpu), (cost.peak or nan) / 1e6
        rows.append(f"| {name} | {wall:.3f} | {cpu:.3f} | {peak:.0f} |")
    return "\n".join(["| | wall, s | CPU, s | memory, MB |", "|---|--:|--:|--:|", *rows])


def ratios(costs: Mapping[str, Costs], pairs: Iterable[Pair]) -> str:
    """The first of each pair as a multiple of the other, where both were measured."""
    rows = []
    for one, other in pairs:
        if one in costs and other in costs:
            wall, cpu, memory = costs[one].over(costs[other])
            rows.append(f"| {one} / {other} | {wall:.2f} | {cpu:.2f} | {memory:.2f} |")
    return "\n".join(["| ratio | wall | CPU | memory |", "|---|--:|--:|--:|", *rows])


def _environment(home: Path) -> dict[str, str]:
    """One in which `python -m datalint` is this one, and keeps nothing in the user's folders."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(home / "cache")}


def _torch() -> Path:
    """The folder in which torch's package is, which is not imported."""
    spec = importlib.util.find_spec("torch")
    if spec is None or spec.origin is None:
        raise click.UsageError("there is no torch here: name a folder with --corpus")
    return Path(spec.origin).parents[1]


def _count(tree: Path) -> int:
    return sum(path.suffix in (".py", ".pyi", ".ipynb") for path in tree.rglob("*"))


def _machine() -> str:
    return f"{sys.platform}, {os.cpu_count()} processors, Python {sys.version.split()[0]}"


if __name__ == "__main__":
    try:
        main()
    except Failed as error:
        sys.exit(f"{error}")

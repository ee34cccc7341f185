"""Who is compared with whom: the commands of datalint, of other tools and of Python alone."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from tests.benchmarks.measure import Command

#: Another tool of its kind; it needs a libcst that is older than ours.
_TORCHFIX = "torchfix==0.7.0"
_HARMFUL = """\
def harmful_{n}(x):
    y = torch.exp(x)
    y.data.clamp_(0, 1)
    return y.sum()
"""
_HARMLESS = """\
def harmless_{n}(x, scale=2):
    total = x.new_zeros(())
    for row in x.unbind():
        total = total + (row * scale).sigmoid().sum()
    return {{"total": total, "mean": total / len(x)}}
"""


@dataclass(frozen=True, slots=True)
class Contender:
    """A command under the name that tables have for it."""

    name: str
    #: One of `TOOLS`.
    tool: str
    command: Command
    #: Whether it goes by what an earlier run kept, which has to be there first.
    is_warm: bool = False


#: Two contenders by their names: the first one's costs are told as a multiple of the other's.
Pair = tuple[str, str]

TOOLS = ("datalint", "ruff", "torchfix", "grep", "python")
#: What is said of the runs over a tree, and of those over single files.
OVER_A_TREE: tuple[Pair, ...] = (
    ("datalint, warm", "Ruff, with its cache"),
    ("datalint, cold", "Ruff, cold"),
    ("datalint, cold", "TorchFix"),
    ("datalint, warm", "grep"),
    ("datalint, cold", "grep"),
)
OVER_ONE_FILE: tuple[Pair, ...] = (
    ("datalint, no `.data`", "python -c pass"),
    ("datalint, findings", "python -c pass"),
    ("datalint, stdin", "python -c pass"),
    ("datalint, findings", "TorchFix, findings"),
    ("datalint, findings", "Ruff, findings"),
)


def over_a_tree(tree: Path, scratch: Path) -> list[Contender]:
    """Those that check all of a folder; what they keep is kept in `scratch`."""
    kept = str(scratch / "ruff")
    return [
        _datalint("cold", "--no-cache", str(tree)),
        replace(
            _datalint("warm", "--cache-dir", str(scratch / "datalint"), str(tree)), is_warm=True
        ),
        _ruff("cold", "--no-cache", str(tree)),
        replace(_ruff("with its cache", "--cache-dir", kept, str(tree)), is_warm=True),
        Contender("TorchFix", "torchfix", Command([_torchfix(), str(tree)])),
        Contender("grep", "grep", _grep(tree)),
    ]


def over_one_file(scratch: Path) -> list[Contender]:
    """Those that check one file of 500 lines; it is written into `scratch`."""
    clean, harmful = scratch / "clean.py", scratch / "harmful.py"
    clean.write_text(program(harmful=0))
    harmful.write_text(program(harmful=6))
    from_stdin = _datalint("stdin", "--no-cache", "-", stdin=harmful)
    return [
        Contender("python -c pass", "python", Command([sys.executable, "-c", "pass"])),
        _datalint("no `.data`", "--no-cache", str(clean)),
        _datalint("findings", "--no-cache", str(harmful)),
        from_stdin,
        _ruff("findings", "--no-cache", str(harmful)),
        Contender("TorchFix, findings", "torchfix", Command([_torchfix(), str(harmful)])),
    ]


def program(harmful: int) -> str:
    """A module of 500 lines with so many functions that write through `.data`."""
    parts = ["import torch\n"]
    parts += [_HARMFUL.format(n=n) for n in range(harmful)]
    lines = "\n\n".join(parts).count("\n")
    parts += [_HARMLESS.format(n=n) for n in range((500 - lines) // 7)]
    return "\n\n".join(parts)


def install_torchfix() -> None:
    """Give it an environment of its own, where it has none yet."""
    if not Path(_torchfix()).exists():
        environment = Path(_torchfix()).parent.parent
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        pip = [str(environment / "bin/python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, _TORCHFIX], check=True)


def _torchfix() -> str:
    return str(Path(__file__).parents[2] / "build/torchfix/bin/torchfix")


def _datalint(name: str, *words: str, stdin: Path = Path(os.devnull)) -> Contender:
    command = [sys.executable, "-m", "datalint", *words, "--output-format", "concise"]
    return Contender(f"datalint, {name}", "datalint", Command(command, stdin, done=" checked"))


def _ruff(name: str, *words: str) -> Contender:
    """By its default rules, whatever the tree configures."""
    ruff = str(Path(sys.executable).with_name("ruff"))
    command = [ruff, "check", "--isolated", "--output-format", "concise", *words]
    return Contender(f"Ruff, {name}", "ruff", Command(command))


def _grep(tree: Path) -> Command:
    files = [f"--include=*.{suffix}" for suffix in ("py", "pyi", "ipynb")]
    return Command(["grep", "-rnE", *files, r"\.data\b", str(tree)])

"""What a program is before it is text, and the texts made of it: one row a statement in each."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

#: Row for row as many as the head of every rendering.
_HEAD = ("import torch", "import torch.nn.functional as F", "from torch import nn", "")
_TRUTH = "; from tests.random_programs.truth import tracked, writes, wrote"
_READ = re.compile(r"\.data\b(?!\s*(=[^=]|[-+*/]=))")
_NUMBERS = re.compile(r"torch\.tensor\(\[[-., 0-9]*\], requires_grad=True\)")


@dataclass(frozen=True)
class Line:
    """A statement that writes nothing through `.data`, though it may read it."""

    text: str


@dataclass(frozen=True)
class Write:
    """A statement that writes through `.data`.

    `{t}` in `text` stands for the expression that is written to. `detached` and `tracked`, where
    given, take the place of `text` in the renderings of those names. `fill` says that what was
    there does not count for what is there now; `setter`, that memory is swapped, not written.
    """

    number: int
    target: str
    text: str
    detached: str | None = None
    tracked: str | None = None
    fill: bool = False
    setter: bool = False
    straight_through: bool = False
    #: Whether it looks like a write to `target` and changes a copy, or the shape of a temporary.
    copies: bool = False
    #: Whether the names in `target` mean something inside the statement only.
    inner: bool = False
    #: `fix = lambda: ` where the write only happens when it is called.
    head: str = ""

    @property
    def excepted(self) -> bool:
        """Whether an untracked edit of this kind is not judged."""
        return self.fill or self.setter or self.straight_through


@dataclass(frozen=True)
class Block:
    """A compound statement."""

    head: str
    body: tuple[Statement, ...]


Statement = Line | Write | Block
#: How a rendering spells the two simple statements.
Spell = Callable[[Line | Write], str]


@dataclass(frozen=True)
class Program:
    """Helpers, then `run`; with a flag, `run` goes both ways and returns both ways' gradients."""

    helpers: tuple[Statement, ...]
    body: tuple[Statement, ...]
    flag: bool
    features: frozenset[str] = field(default=frozenset(), compare=False)

    @property
    def writes(self) -> dict[int, Write]:
        """All writes by number."""
        return {write.number: write for write in _writes((*self.helpers, *self.body))}


def _writes(statements: tuple[Statement, ...]) -> list[Write]:
    found: list[Write] = []
    for statement in statements:
        if isinstance(statement, Write):
            found.append(statement)
        elif isinstance(statement, Block):
            found.extend(_writes(statement.body))
    return found


def as_written(program: Program) -> str:
    """What the linter reads and PyTorch runs."""
    return _render(program, _plainly)


def in_two_files(program: Program) -> tuple[str, str]:
    """The program without its helpers and classes, which it imports from `helpers`; and those."""
    main = as_written(Program((), program.body, program.flag))
    helpers = "\n".join([*_HEAD, *_rows(program.helpers, _plainly, "")]) + "\n"
    return main.replace("import torch\n", "import torch; from helpers import *\n", 1), helpers


def with_detach(program: Program) -> str:
    """Every `.data` that is read is `.detach()`; what `=` binds to `.data` has no such form."""
    return _render(program, _detached)


def without(program: Program, number: int) -> str:
    """The program with one write dropped."""

    def spell(statement: Line | Write) -> str:
        if isinstance(statement, Write) and statement.number == number:
            return f"{statement.head}None" if statement.head else "pass"
        return _plainly(statement)

    return _render(program, spell)


def with_tracked(program: Program, *numbers: int) -> str:
    """The program with some writes done in the sight of autograd, so that later uses know."""

    def spell(statement: Line | Write) -> str:
        if isinstance(statement, Line) or statement.number not in numbers or statement.copies:
            return _plainly(statement)
        text = (statement.tracked or statement.text).replace("{t}", f"tracked({statement.target})")
        if statement.head:
            return f"{statement.head}{text}"
        return f"with torch.enable_grad(): {text}"

    return _render(program, spell, _TRUTH)


def with_trace(program: Program) -> str:
    """The program reporting each write as it happens."""

    def spell(statement: Line | Write) -> str:
        text = _plainly(statement)
        if not isinstance(statement, Write):
            return text
        memory = "None" if statement.inner else statement.target
        before = f"writes({memory})"
        after = f"wrote({statement.number}, {memory}, {'data' in text})"
        if statement.head:
            return f"{statement.head}({before}, {text.removeprefix(statement.head)}, {after})"
        return f"{before}; {text}; {after}"

    return _render(program, spell, _TRUTH)


def with_other_value(program: Program, number: int) -> str:
    """The program in which one write leaves other values behind."""

    def spell(statement: Line | Write) -> str:
        text = _plainly(statement)
        if not (isinstance(statement, Write) and statement.number == number):
            return text
        if statement.head or statement.inner:
            return text
        return f"{text}; {statement.target}.add_(0.375)"

    return _render(program, spell)


def on_other_data(rendering: str, seed: int) -> str:
    """A rendering with other numbers in its leaves and constants."""
    seeded = f"import torch; torch.default_generator.manual_seed({seed})"
    rendering = rendering.replace("import torch", seeded, 1)
    return _NUMBERS.sub("torch.randn(3, requires_grad=True)", rendering)


def _plainly(statement: Line | Write) -> str:
    if isinstance(statement, Line):
        return statement.text
    return statement.head + statement.text.replace("{t}", statement.target)


def _detached(statement: Line | Write) -> str:
    if isinstance(statement, Write) and statement.detached:
        return statement.head + statement.detached
    text = _READ.sub(".detach()", _plainly(statement))
    text = text.replace("torch.Tensor.detach().__get__", "torch.Tensor.detach")
    return text.replace(", 'data')", ", 'detach')()")


def _render(program: Program, spell: Spell, more: str = "") -> str:
    rows = [_HEAD[0] + more, *_HEAD[1:]]
    rows += _rows(program.helpers, spell, "")
    rows += ["def program(flag):" if program.flag else "def run():"]
    rows += _rows(program.body, spell, "    ")
    if program.flag:
        rows += [
            "def run():",
            "    return {f'{name} {flag}': grad for flag in (False, True)"
            " for name, grad in program(flag).items()}",
        ]
    return "\n".join(rows) + "\n"


def _rows(statements: tuple[Statement, ...], spell: Spell, indentation: str) -> list[str]:
    rows: list[str] = []
    for statement in statements:
        if isinstance(statement, Block):
            rows.append(indentation + statement.head)
            rows += _rows(statement.body, spell, indentation + "    ")
        else:
            rows.append(indentation + spell(statement))
    return rows

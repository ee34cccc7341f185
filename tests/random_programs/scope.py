"""What a program under construction can talk about: names, shapes, and what autograd knows."""

from __future__ import annotations

import enum
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.random_programs.model import Block, Line, Statement, Write

if TYPE_CHECKING:
    from tests.random_programs.draw import Draw

Shape = tuple[int, ...]


class Kind(enum.Enum):
    """What autograd makes of a tensor."""

    LEAF = "a leaf that requires grad"
    TRACKED = "the result of a tracked operation"
    SETTLED = "a result whose graph a backward has freed"
    PLAIN = "a tensor autograd does not track"
    DATA = "memory reached through `.data`"
    MASK = "a tensor of Booleans"
    INDEX = "a tensor of rows"


GRADED = (Kind.LEAF, Kind.TRACKED)
#: What an operator may take.
OPERANDS = (Kind.TRACKED, Kind.LEAF, Kind.PLAIN, Kind.DATA)


@dataclass(frozen=True)
class Ref:
    """A tensor as the program says it: a name, or `box[0]`, `cell.slot`."""

    text: str
    shape: Shape
    kind: Kind


@dataclass
class Book:
    """What all scopes of one program share."""

    draw: Draw
    helpers: list[Statement] = field(default_factory=list)
    leaves: list[str] = field(default_factory=list)
    nets: list[str] = field(default_factory=list)
    features: Counter[str] = field(default_factory=Counter)
    names: Counter[str] = field(default_factory=Counter)
    writes: int = 0
    flag: bool = False

    def fresh(self, prefix: str) -> str:
        """A name that is not in use."""
        self.names[prefix] += 1
        return f"{prefix}{self.names[prefix]}"


class Scope:
    """A block being written; names it binds are not seen outside of it."""

    def __init__(self, book: Book, refs: list[Ref] | None = None, depth: int = 0) -> None:
        self.book, self.draw = book, book.draw
        self.refs = list(refs or [])
        self.statements: list[Statement] = []
        self.depth = depth
        #: Whether operators are tracked here.
        self.grad = True

    def inner(self) -> Scope:
        """A block inside this one."""
        scope = Scope(self.book, self.refs, self.depth + 1)
        scope.grad = self.grad
        return scope

    def function(self, *refs: Ref) -> Scope:
        """The inside of a function on `refs`, which cannot see the names of this scope."""
        scope = Scope(self.book, list(refs), self.depth + 1)
        scope.grad = self.grad
        return scope

    def say(self, text: str, *features: str) -> None:
        """Adds a statement."""
        self.statements.append(Line(text))
        self.book.features.update(features)

    def block(self, head: str, inner: Scope, *features: str) -> None:
        """Adds a compound statement."""
        body = tuple(inner.statements) or (Line("pass"),)
        self.statements.append(Block(head, body))
        self.book.features.update(features)

    def write(self, write: Write, *features: str) -> None:
        """Adds a write through `.data`."""
        self.statements.append(write)
        self.book.features.update(features)

    def bind(self, text: str, shape: Shape, kind: Kind, prefix: str = "h") -> Ref:
        """`name = text`, with a fresh name."""
        ref = Ref(self.book.fresh(prefix), shape, kind)
        self.say(f"{ref.text} = {text}")
        self.refs.append(ref)
        return ref

    def find(self, *kinds: Kind, shape: Shape | None = None, ndim: int = 0) -> Ref | None:
        """A tensor of one of these kinds, preferably a recent one."""
        found = [
            ref
            for ref in self.refs
            if ref.kind in kinds and shape in (None, ref.shape) and len(ref.shape) >= ndim
        ]
        if not found:
            return None
        recent = found[-3:]
        return self.draw.choice(recent[::-1] if self.draw.chance(60) else found)

    def operand(self, shape: Shape | None = None, ndim: int = 0) -> Ref:
        """A tensor that an operator may take, most often one that autograd tracks."""
        kinds = self.draw.weighted({(Kind.TRACKED,): 60, GRADED: 20, OPERANDS: 20})
        ref = None
        for choice in (kinds, (Kind.TRACKED,), GRADED, OPERANDS):
            ref = ref or self.find(*choice, shape=shape, ndim=ndim)
        return ref or self.bind(f"torch.randn({shape or (3,)})", shape or (3,), Kind.PLAIN, "x")

    def other(self, x: Ref) -> Ref:
        """A second operand, seldom `x` itself: `x - x` has no gradient to be wrong."""
        y = self.operand(x.shape)
        if y == x and self.draw.chance(95):
            return Ref(self.constant(x.shape), x.shape, Kind.PLAIN)
        return y

    def constant(self, shape: Shape) -> str:
        """Values that were not there before and that autograd does not track."""
        plain = self.find(Kind.PLAIN, shape=shape)
        if plain is not None and self.draw.chance(50):
            return plain.text
        return f"torch.randn({shape})"

    def result(self, *operands: Ref) -> Kind:
        """What an operator on `operands` gives."""
        graded = self.grad and any(ref.kind in GRADED for ref in operands)
        return Kind.TRACKED if graded else Kind.PLAIN

    def number(self) -> int:
        """The next write's."""
        self.book.writes += 1
        return self.book.writes

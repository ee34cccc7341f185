"""What the interpreter saw of each way past a version counter: the facts that rules judge.

Everything refers to IR nodes; nobody computes a position before a rule has decided to report.
"""

from __future__ import annotations

import enum
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from datalint.source.text import DATA as DATA

if TYPE_CHECKING:
    import ast

    from datalint.flow import ir
    from datalint.flow.values import Key


class Kind(enum.Enum):
    """What a write puts into the tensor."""

    COMPUTED = "computed"
    #: The same small number everywhere, or under a mask.
    CONSTANT = "constant"
    #: An infinity or a magnitude of 1e3 and more, as scores and logits are masked.
    MASKING = "masking"
    #: Adds something that is not tracked: the derivative is the identity, the gradient right.
    SHIFT = "shift"
    #: sign, round and the like: meant to be invisible to the gradient.
    STRAIGHT_THROUGH = "straight-through"


class Evidence(enum.IntEnum):
    """How sure it is that the memory is a tensor's."""

    NONE = 0
    LIKELY = 1
    SURE = 2


@dataclass(frozen=True, slots=True)
class Write:
    """An in-place write at `site` through the expression `read`: a `.data`, or another way."""

    read: ir.Node
    site: ir.Node
    operator: str
    kind: Kind
    #: `x.data = v`: swaps the storage, writes no memory.
    setter: bool = False
    #: Not even `.detach()` could see it: through numpy, DLPack, a storage, `apply_`.
    blind: bool = False


@dataclass(frozen=True, slots=True)
class Damage:
    """A backward (or what a caller may do with what escapes at `consumer`) needs what was written.

    `operator` at `operation` saved the value (`saved`: which one) or, for an untracked edit
    (`saved` is empty), used the edited value.
    """

    write: Write
    operator: str
    operation: ir.Node
    saved: str
    consumer: ir.Node
    #: A backward was seen, not only an escape.
    backward: bool
    #: Nothing about requires_grad was assumed.
    sure: bool
    #: The one link that was assumed, in words for the message; empty where none was.
    assumed: str = ""
    #: The version counter guards what was saved: not on `ctx`, nor under saved-tensor hooks.
    guarded: bool = True
    #: Seen only where a module's forward was interpreted twice before one backward.
    again: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """In what code a write was seen."""

    function: str = ""
    #: Names of the functions that were being interpreted, outermost first.
    stack: tuple[str, ...] = ()
    forward: bool = False
    no_grad: bool = False
    #: The written tensor is an argument, as it is, of the function where the analysis began.
    argument: str = ""
    #: Another forward writes something else: it depends on the input, on chance, or on itself.
    varies: bool = False
    #: The write is a statement of its own.
    statement: bool = False
    #: The written memory belongs to a tracked tensor that is not a leaf.
    in_graph: bool = False
    #: Names that the function where the write stands binds itself, but for loop targets.
    locals: frozenset[str] = frozenset()


@dataclass(slots=True)
class Seen:
    """All that was seen of one expression through which memory leaves its version counter."""

    node: ir.Node
    #: `.data`, or one of `counters.WAYS`.
    way: str = DATA
    evidence: Evidence = Evidence.NONE
    writes: dict[Write, Place] = field(default_factory=dict)
    damages: set[Damage] = field(default_factory=set)
    #: Metadata of a temporary was changed, nothing else.
    without_effect: ir.Node | None = None
    #: Only ever the target of an assignment.
    assigned: ir.Node | None = None
    read: bool = False
    #: The tensor was made where its `.data` is read, and nobody else has it: `x.clone().data`.
    temporary: bool = False
    #: Its value is used up at once: `.item()`, a comparison, an f-string.
    consumed: bool = False
    #: Perhaps nobody watches this memory: a constant, a copy, a temporary. Not said of a `.data`.
    unwatched: bool = False
    #: The memory that each write may have changed, and the writes after which the version
    #: counter of that memory was moved by hand.
    memory: dict[Write, frozenset[Key]] = field(default_factory=dict)
    counted: set[Write] = field(default_factory=set)


class Events:
    """By expression, as the user wrote it."""

    def __init__(self) -> None:
        self.by_origin: dict[ast.AST, Seen] = {}
        self.entered: dict[ir.Function, int] = defaultdict(int)
        #: Where it became too much; what comes later in the file was seen in part, or not at all.
        self.ended: ir.Node | None = None

    def of(self, node: ir.Node) -> Seen:
        return self.by_origin.setdefault(node.origin, Seen(node))

"""One file's functions and classes, and which of them the analysis starts from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.flow.values import ClassRef, External, Key

if TYPE_CHECKING:
    from datalint.flow import ir
    from datalint.flow.values import Value

MODULE_BASES = {"torch.nn.Module", "torch.nn.modules.Module", "torch.nn.modules.module.Module"}


class Program:
    """The IR of a file and what interpreting its top level found out about its classes."""

    def __init__(self, module: ir.Module) -> None:
        self.module = module
        self.stars = module.stars
        self.class_frames: dict[ir.Class, int] = {}
        self.bases: dict[ir.Class, tuple[Value, ...]] = {}
        #: The class whose method a function is.
        self.owner = {m: c for c in module.classes for m in c.methods.values()}
        #: Parameters of the function the analysis began with, by the storage they stand for.
        self.parameters: dict[Key, str] = {}

    def parameter_at(self, storage: Key) -> str:
        """The entry function's parameter that this storage is; empty for any other."""
        return self.parameters.get(storage, "")

    def ancestors(self, cls: ClassRef) -> list[ClassRef]:
        """The class and its bases in sight, in the order in which attributes are looked up."""
        found = [cls]
        for base in self.bases.get(cls.node, ()):
            for thing in base:
                if isinstance(thing, ClassRef) and thing not in found:
                    found += [a for a in self.ancestors(thing) if a not in found]
        return found

    def external_bases(self, cls: ClassRef) -> list[str]:
        """Dotted names of the bases that are not in sight."""
        return [
            thing.name
            for ancestor in self.ancestors(cls)
            for base in self.bases.get(ancestor.node, ())
            for thing in base
            if isinstance(thing, External)
        ]

    def fields(self, cls: ClassRef) -> list[str]:
        """What a dataclass of this class is made of, in order."""
        return [name for a in reversed(self.ancestors(cls)) for name in a.node.fields]

"""The functions and classes of the file under analysis, and of those it imports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.flow.order import ordered
from datalint.flow.values import ClassRef, External, Key

if TYPE_CHECKING:
    from datalint.flow import ir
    from datalint.flow.project import Project
    from datalint.flow.values import Value

#: Methods of a distribution that a backward may run through.
DRAWN = {"rsample", "sample", "log_prob", "icdf"}
#: Methods that a framework calls, or others on its behalf.
FORWARD = DRAWN | {"forward", "__call__", "loss"}
#: Classes whose instances are tensors.
TENSORS = {"torch.Tensor", "torch.nn.Parameter", "torch.nn.parameter.Parameter"}


class Program:
    """The IR of a file and what interpreting its top level found out about its classes."""

    def __init__(self, module: ir.Module, project: Project) -> None:
        self.module = module
        self.project = project
        #: The module whose top level runs in a frame: 0 is the file's own.
        self.modules: dict[int, ir.Module] = {}
        self.class_frames: dict[ir.Class, int] = {}
        self.bases: dict[ir.Class, tuple[Value, ...]] = {}
        self._ancestors: dict[ClassRef, list[ClassRef]] = {}
        self._external_bases: dict[ClassRef, list[str]] = {}
        #: The class whose method a function is.
        self.owner: dict[ir.Function, ir.Class] = {}
        #: Names of the generator functions that are context managers.
        self.managers: set[str] = set()
        self.add(0, module)
        for cls in module.classes:
            self.own(cls)
        #: Parameters of the function the analysis began with, by the storage they stand for.
        self.parameters: dict[Key, str] = {}

    def add(self, frame: int, module: ir.Module) -> None:
        """A module whose top level is interpreted in this frame."""
        self.modules[frame] = module

    def own(self, cls: ir.Class) -> None:
        """Say whose methods the methods of a class are."""
        self.owner.update(dict.fromkeys(cls.methods.values(), cls))

    def parameter_at(self, storage: Key) -> str:
        """The entry function's parameter that this storage is; empty for any other."""
        return self.parameters.get(storage, "")

    def define(self, cls: ir.Class, bases: tuple[Value, ...]) -> None:
        """Say what a class has for bases."""
        if self.bases.get(cls) != bases:
            self.bases[cls] = bases
            self._ancestors.clear()
            self._external_bases.clear()

    def ancestors(self, cls: ClassRef) -> list[ClassRef]:
        """The class and its bases in sight, in the order in which attributes are looked up."""
        if cls not in self._ancestors:
            found: dict[ClassRef, None] = {}
            todo = [cls]
            while todo:
                here = todo.pop()
                if here not in found:
                    found[here] = None
                    things = [t for base in self.bases.get(here.node, ()) for t in ordered(base)]
                    todo += [t for t in reversed(things) if isinstance(t, ClassRef)]
            self._ancestors[cls] = list(found)
        return self._ancestors[cls]

    def external_bases(self, cls: ClassRef) -> list[str]:
        """Dotted names of the bases that are not in sight."""
        if cls not in self._external_bases:
            self._external_bases[cls] = [
                thing.name
                for ancestor in self.ancestors(cls)
                for base in self.bases.get(ancestor.node, ())
                for thing in ordered(base)
                if isinstance(thing, External)
            ]
        return self._external_bases[cls]

    def is_tensor(self, cls: ClassRef) -> bool:
        """Whether its instances are tensors."""
        return bool(TENSORS.intersection(self.external_bases(cls)))

    def is_module(self, cls: ClassRef) -> bool:
        """Whether it has a base that is a module, by its name or as the user states."""
        bases = self.external_bases(cls)
        return any(b.endswith("Module") or self.project.stated.is_module(b) for b in bases)

    def is_forward(self, name: str, cls: ClassRef) -> bool:
        """Whether a method of this name is run in training, so that a backward follows it.

        `forward` of whatever has a base; `__call__` and `loss` of a module, `sample` and the
        like of a distribution, for which other objects have other uses.
        """
        if name in ("__call__", "loss"):
            return self.is_module(cls)
        if name in DRAWN:
            names = [*self.external_bases(cls), *(a.node.name for a in self.ancestors(cls))]
            return any(n.endswith("Distribution") or ".distributions." in n for n in names)
        return name == "forward" and bool(cls.node.bases)

    def fields(self, cls: ClassRef) -> list[str]:
        """What a dataclass of this class is made of, in order."""
        return [name for a in reversed(self.ancestors(cls)) for name in a.node.fields]

"""What users state of their own functions and classes, which no table can know.

A name is dotted, as it is imported, or bare: then it is that of any function, method or class of
which nothing else is known.
"""

from __future__ import annotations

from dataclasses import dataclass

#: An argument by its position among those in the call's brackets or by its keyword.
Place = int | str

#: The keyword that stands for the object whose method is called.
RECEIVER = "self"


@dataclass(frozen=True, slots=True)
class Stated:
    """Facts in the user's words; empty where nothing was said."""

    #: A function and an argument that it writes; one that writes several stands here repeatedly.
    mutates: tuple[tuple[str, Place], ...] = ()
    returns_tensor: frozenset[str] = frozenset()
    #: Classes whose instances are modules, as are those of the classes made from them.
    modules: frozenset[str] = frozenset()

    def about_function(self, name: str) -> bool:
        """Whether anything is said of a function under just this dotted name."""
        if "." not in name:
            return False
        return name in self.returns_tensor or any(name == known for known, _ in self.mutates)

    def written(self, *names: str) -> list[Place]:
        """The arguments that a function with these names writes."""
        return [place for known, place in self.mutates if known in names]

    def is_tensor(self, *names: str) -> bool:
        """Whether the result of a function with these names is a tensor."""
        return not self.returns_tensor.isdisjoint(names)

    def is_module(self, name: str) -> bool:
        """Whether a class of this dotted name makes modules."""
        return not self.modules.isdisjoint((name, name.rpartition(".")[2]))


NOTHING_STATED = Stated()

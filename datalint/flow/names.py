"""What a name means: a variable of a frame, a builtin, or what another module defines."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from datalint.flow.run import Frame, Run
from datalint.flow.state import State
from datalint.flow.values import NOTHING, PLAIN, External, Key, Literal, Member, Opaque, Value, just
from datalint.ops import facts

if TYPE_CHECKING:
    from datalint.flow import ir
    from datalint.flow.values import Thing

#: What these names mean in a file, or a part of one, that never says so.
CUSTOMARY = {"torch": "torch", "nn": "torch.nn", "F": "torch.nn.functional", "np": "numpy",
              "optim": "torch.optim", "math": "math", "numpy": "numpy"}  # fmt: skip
#: The variable that says in a state that a module's names are in it.
_LOADED = "%loaded"
#: Expressions evaluated for the top level of an imported module.
IMPORT_BUDGET = 2_000
#: So many modules may hand a name on to one another.
CHAIN = 10
#: What of an interpretation is of the place where it is: a module is read apart from that.
_MODES = ("state", "stack", "alive", "budget", "statement", "forward", "versioned", "weak",
          "one_of_several", "at_yield")  # fmt: skip


class Names(Run):
    """Looks names up, in the modules of the project as well."""

    def lookup(self, name: str) -> Value:
        frame = self.frame.id
        while True:
            found = self.state.variables.get((frame, name))
            if found is not None:
                return self.opened(found)
            if self.parents[frame] == frame:
                return self.free(name, frame)
            frame = self.parents[frame]

    def free(self, name: str, frame: int) -> Value:
        """A name that nothing in its module binds."""
        if name == "__name__":
            return just(Literal("imported")) if frame else PLAIN
        if hasattr(builtins, name):
            return just(External(name))
        module = self.program.modules[frame]
        for star in module.stars:
            dotted = f"{star}.{name}"
            stated = self.program.project.stated.about_function(dotted)
            if stated or facts.function(dotted) or facts.module(dotted):
                return just(External(dotted))
        exporter = self.exporter(module, name, CHAIN)
        if exporter is not None:
            return self.opened(just(Member(exporter, (name,))))
        if name in CUSTOMARY:
            return just(External(CUSTOMARY[name]))
        return just(Opaque(Key(0, 0, 0, (name,))))

    def exporter(self, module: ir.Module, name: str, chain: int) -> str | None:
        """The module that binds a name which comes from `import *`."""
        for star in module.stars if chain else ():
            located = self.program.project.locate(module.code.path, star)
            parsed = self.program.project.read(located[0]) if located else None
            if parsed is not None and not (located and located[1]):
                if name in parsed.ir.locals:
                    return parsed.code.path
                if found := self.exporter(parsed.ir, name, chain - 1):
                    return found
        return None

    def named(self, name: str) -> Thing:
        """What a dotted name means in the module that is being read."""
        if self.program.project.stated.about_function(name):
            return External(name)
        frame = self.frame.id
        while self.parents[frame] != frame:
            frame = self.parents[frame]
        located = self.program.project.locate(self.program.modules[frame].code.path, name)
        return Member(*located) if located else External(name)

    def opened(self, value: Value, chain: int = CHAIN) -> Value:
        """With what other modules define in the place of its name."""
        members = [t for t in value if isinstance(t, Member) and t.names]
        if not members:
            return value
        return (value - frozenset(members)).union(*(self.member(m, chain) for m in members))

    def member(self, member: Member, chain: int) -> Value:
        name, project = member.names[0], self.program.project
        names = project.names(member.path, *member.names)
        if stated := [n for n in names if project.stated.about_function(n)]:
            return just(External(stated[0]))
        unknown = just(External(names[0]))
        if len(member.names) > 1 or not chain:
            return unknown
        frame = self.module_frame(member.path)
        found = None if frame is None else self.state.variables.get((frame, name))
        if found is not None:
            return self.opened(found, chain - 1)
        module = None if frame is None else self.program.modules[frame]
        exporter = module and self.exporter(module, name, chain)
        if exporter:
            return self.opened(just(Member(exporter, (name,))), chain - 1)
        below = project.locate(member.path, f".{name}")
        return just(Member(*below)) if below and not below[1] else unknown

    def module_frame(self, path: str) -> int | None:
        """The frame with a module's names, which are in the state from now on."""
        if path == self.program.module.code.path:
            return 0
        frame = self.intern("module", path)
        if frame not in self.program.modules:
            parsed = self.program.project.read(path)
            if parsed is None:
                return None
            self.load(frame, parsed.ir)
        loaded = self.loaded.get(frame)
        if loaded is not None and (frame, _LOADED) not in self.state.variables:
            self.state.absorb(loaded)
        return frame

    def load(self, frame: int, module: ir.Module) -> None:
        """Interpret a module's top level by itself, for what it defines."""
        self.program.add(frame, module)
        self.parents[frame] = frame
        outside = {name: getattr(self, name) for name in _MODES}
        self.state, self.stack, self.budget = State(), [Frame(frame, 0, None)], IMPORT_BUDGET
        self.alive, self.versioned = True, True
        self.forward, self.weak, self.one_of_several, self.at_yield = False, False, False, None
        self.definitions(module.body)
        self.state.variables[frame, _LOADED] = NOTHING
        self.loaded[frame] = self.state
        for name, held in outside.items():
            setattr(self, name, held)

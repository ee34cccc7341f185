"""Which functions can matter: by the names that lead to what is sought."""

from __future__ import annotations

from datalint.flow.project import Project
from datalint.flow.relevance import matter

CLASSES = """
class Base(Anything):
    def __init__(self):
        super().__init__()
        self.sought.data.zero_()

class Derived(Base):
    def __init__(self):
        super().__init__()

class Stranger(Anything):
    def __init__(self):
        super().__init__()
        self.part = nn.Linear(1, 1)

class Holder(Anything):
    def __init__(self):
        self.part = Derived()

    def use(self, x):
        return self.part(x)

class Maker(Anything):
    def __init__(self):
        self.kind = Derived

    def make(self):
        return self.kind()
"""


def relevant(source: str) -> set[str]:
    """The functions that matter, by class and name."""
    module = Project().parse(source.encode(), "a.py").ir
    found = matter(module, {".data"})
    owners = {f: cls.name for cls in module.classes for f in cls.methods.values()}
    return {f"{owners.get(f, '')}.{f.name}" for f in found}


def test_a_constructor_leads_to_those_of_its_bases_and_no_others() -> None:
    assert "Derived.__init__" in relevant(CLASSES)
    assert "Stranger.__init__" not in relevant(CLASSES)


def test_who_makes_an_object_is_led_to_its_constructor() -> None:
    assert {"Holder.__init__", "Maker.__init__", "Maker.make"} <= relevant(CLASSES)


def test_what_a_module_does_as_it_is_made_is_looked_at_by_itself() -> None:
    found = relevant(CLASSES.replace("Base(Anything)", "Base(nn.Module)"))
    assert "Base.__init__" in found
    assert not {"Derived.__init__", "Holder.__init__", "Maker.make"} & found


def test_who_uses_an_object_that_is_there_is_not() -> None:
    assert "Holder.use" not in relevant(CLASSES)


def test_but_to_its_forward() -> None:
    forward = "    def forward(self, x):\n        x.data.zero_()\n\nclass Derived(Base)"
    assert "Holder.use" in relevant(CLASSES.replace("class Derived(Base)", forward))


def test_an_annotation_hides_nothing() -> None:
    forward = "    def forward(self, x):\n        x.data.zero_()\n\nclass Derived(Base)"
    source = CLASSES.replace("class Derived(Base)", forward)
    assert "Holder.use" in relevant(source.replace("self.part = D", "self.part: nn.Module = D"))


def test_and_to_whatever_it_has_where_it_is_hooked() -> None:
    hook = "        self.register_forward_hook(self.late)\n\n    def late(self, *args):\n"
    source = CLASSES.replace(
        "    def __init__(self):\n        super().__init__()\n\nclass Stranger",
        f"    def __init__(self):\n{hook}        args[0].data.zero_()\n\nclass Stranger",
    )
    assert "Holder.use" in relevant(source)


def test_a_method_is_not_called_by_its_bare_name() -> None:
    method = "    def type(self):\n        self.sought.data.zero_()\n\nclass Derived(Base)"
    source = CLASSES.replace("class Derived(Base)", method) + "\ndef kind(x):\n    type(x)\n"
    assert "Base.type" in relevant(source)
    assert ".kind" not in relevant(source)


def test_a_constructor_that_is_called_by_its_name_is_anybodys() -> None:
    source = CLASSES + "\ndef again(stranger):\n    stranger.__init__()\n"
    assert ".again" in relevant(source)

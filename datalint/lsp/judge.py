"""What a text in the editor comes to: all of this is done in the thread that checks."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from datalint.finding import place_name
from datalint.fix import Fixer
from datalint.lint import Linter
from datalint.lsp.settings import Nearest
from datalint.report import Report
from datalint.runner import Run
from datalint.source.discover import is_passed_over
from datalint.source.notebook import texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datalint.flow.project import Parsed
    from datalint.lsp.documents import Unit
    from datalint.lsp.settings import Setting
    from datalint.source.text import Text


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a unit came to."""

    unit: Unit
    setting: Setting
    report: Report = field(default_factory=Report)
    #: By its name in reports, each text that a finding is in or speaks of.
    sources: Mapping[str, Text] = field(default_factory=dict)
    #: The absolute paths of what it imports, and its own.
    read: frozenset[str] = frozenset()


@dataclass(slots=True)
class Judge:
    """Judges one unit after the other; what they import is parsed anew only where it changed."""

    nearest: Nearest = field(default_factory=Nearest)
    _modules: dict[str, Parsed] = field(default_factory=dict)

    def check(self, unit: Unit, unsaved: Mapping[str, bytes], roots: list[str]) -> Outcome:
        """What is found in it, unless it is below one of the roots and passed over there."""
        setting = self.nearest.of(unit.path)
        if _is_passed_over(unit.path, roots, setting):
            return Outcome(unit, setting)
        linter = self._linter(setting, unsaved)
        run = Run(linter)
        run.check_source(unit.source, unit.path)
        return Outcome(unit, setting, run.report(), run.sources, linter.read())

    def fixed(self, unit: Unit, unsaved: Mapping[str, bytes]) -> dict[int | None, str]:
        """The texts that its safe fixes change, and what they make of them.

        Raises `NotAnalysed` or `NotEdited`.
        """
        made: list[bytes] = []
        linter = self._linter(self.nearest.of(unit.path), unsaved)
        fixer = Fixer(linter, lambda path, old, new: made.append(new))
        fixer.lint(unit.source, unit.path)
        if not made:
            return {}
        before, after = texts(unit.source, unit.path), texts(made[0], unit.path)
        changed = {}
        for cell, document in unit.parts.items():
            name = place_name(unit.path, cell)
            # Where its encoding cannot write the text, what was judged is not all of it.
            if before[name].lines() == document.lines and after[name].text != before[name].text:
                changed[cell] = after[name].text
        return changed

    def forget(self) -> None:
        """Give back the memory that the imports take."""
        self._modules = {}

    def _linter(self, setting: Setting, unsaved: Mapping[str, bytes]) -> Linter:
        held = setting.settings
        sieves = (setting.baseline,) if setting.baseline else ()
        return Linter(held.selection, held.config.stated, sieves, unsaved, self._modules)


def _is_passed_over(path: str, roots: list[str], setting: Setting) -> bool:
    """Whether it is where the nearest root, or else the configuration, is the one named."""
    config = setting.settings.config.path
    above = [root for root in roots if Path(path).is_relative_to(root)]
    if not above and config:
        above = [str(Path(config).parent)]
    return bool(above) and is_passed_over(path, max(above, key=len), setting.settings.excludes)

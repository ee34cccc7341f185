"""A fixture before PyTorch: as written, as it should be, and with what is suggested."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from tests.fixture_case import State
from tests.oracle.execution import Outcome, execute, execute_with_snapshots, same
from tests.oracle.rewrite import with_clone, with_cures, with_detach, without_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fixture_case import FixtureCase


@dataclass(frozen=True)
class Trial:
    """One entry function of a fixture, and every run of it that somebody asked for."""

    case: FixtureCase
    entry: str = "run"

    def outcome(self, source: str) -> Outcome:
        """What PyTorch makes of a variant of the fixture."""
        return execute(source, str(self.case.path), self.entry)

    def snapshots(self, source: str) -> Outcome:
        """What a variant should give by what it saves."""
        return execute_with_snapshots(source, str(self.case.path), self.entry)

    @property
    def after_save(self) -> bool:
        """Whether a saved value is overwritten: then the truth is what was saved."""
        return "write-after-save" in self.case.rules

    @cached_property
    def written(self) -> Outcome:
        """As written."""
        return self.outcome(self.case.source)

    @cached_property
    def truth(self) -> Outcome:
        """As it should be."""
        if self.case.marked("truth"):
            return self.outcome(with_clone(self.case.source, self.case.rows or None))
        meant = (
            self.case.source if self.after_save else with_cures(self.case.source, self.case.cures)
        )
        return self.snapshots(meant)

    @cached_property
    def cured(self) -> Outcome:
        """With every `# cure:` in its place."""
        return self.outcome(with_cures(self.case.source, self.case.cures))

    @cached_property
    def detached(self) -> Outcome:
        """With `.detach()` for the marked `.data`, or for all of them where none is marked."""
        return self.outcome(with_detach(self.case.source, self.case.rows or None))

    def judged(self, outcome: Outcome) -> str:
        """What an outcome amounts to, in two words."""
        if outcome.modified:
            return "raises MOD"
        if outcome.error is not None:
            return "fails"
        return "right" if same(outcome, self.truth) else "silently wrong"


def objections(case: FixtureCase) -> list[str]:
    """Where PyTorch contradicts what the markers say; empty when they agree."""
    if len(case.entries) == 2:
        harmful, harmless = Trial(case, "harmful"), Trial(case, "harmless")
        return [
            *(f"harmful(): {objection}" for objection in _wrong(harmful)),
            *(f"harmless(): {objection}" for objection in _right(harmless)),
        ]
    trial = Trial(case)
    match case.state:
        case State.WRONG:
            return list(_wrong(trial))
        case State.RIGHT:
            return list(_right(trial))
        case State.RAISES:
            return list(_raises(trial))
        case State.NO_EFFECT:
            return [*_right(trial), *_no_effect(trial)]
        case State.OUT_OF_REACH:
            return list(_silently_wrong(trial))


def _sound(trial: Trial) -> Iterator[str]:
    if trial.truth.error is not None:
        yield f"the truth itself fails: {trial.truth.error}"
    elif not trial.truth.gradients:
        yield "no gradients are returned"


def _silently_wrong(trial: Trial) -> Iterator[str]:
    yield from _sound(trial)
    error = trial.written.error or ""
    if trial.written.modified:
        yield "as written it raises MOD: that is not silent"
    elif error and (not error.startswith("RuntimeError") or "a second time" in error):
        yield f"as written it fails for a reason of its own: {error}"
    elif trial.judged(trial.written) == "right":
        yield "as written it is right"


def _wrong(trial: Trial) -> Iterator[str]:
    yield from _silently_wrong(trial)
    if trial.after_save or (trial.entry == "harmful" and not trial.case.cures):
        yield from _the_suggestion_helps(trial)
    else:
        yield from _detach_hides_it(trial)


def _the_suggestion_helps(trial: Trial) -> Iterator[str]:
    if trial.case.cures:
        if trial.judged(trial.cured) not in {"raises MOD", "right"}:
            yield f"the cure leaves it {trial.judged(trial.cured)}: {trial.cured}"
        if trial.judged(trial.detached) not in {"silently wrong", "fails"}:
            yield f"no cure is needed, with detach(): {trial.judged(trial.detached)}"
        return
    for row in sorted(trial.case.rows):
        outcome = trial.outcome(with_detach(trial.case.source, {row}))
        if trial.judged(outcome) not in {"raises MOD", "right"}:
            yield f"detach() on line {row} leaves it {trial.judged(outcome)}: {outcome}"


def _detach_hides_it(trial: Trial) -> Iterator[str]:
    if not trial.case.cures:
        yield "an untracked write needs a `# cure:`"
    if trial.judged(trial.detached) != "silently wrong":
        yield f"with detach(): {trial.judged(trial.detached)}: then that is what to suggest"


def _right(trial: Trial) -> Iterator[str]:
    yield from _sound(trial)
    if trial.judged(trial.written) != "right":
        yield f"as written: {trial.judged(trial.written)}"
    # A hit that happens to leave the gradient right is told by the version counter all the same,
    # and so is a change of mere metadata.
    lucky = any(trial.case.marked(kind) for kind in ("hit", "spurious", "no effect"))
    if trial.judged(trial.detached) != "right" and not lucky:
        yield f"with detach(): {trial.judged(trial.detached)}: {trial.detached.error}"


def _raises(trial: Trial) -> Iterator[str]:
    yield from _sound(trial)
    if not trial.written.modified:
        yield f"as written it does not raise MOD: {trial.written}"


def _no_effect(trial: Trial) -> Iterator[str]:
    rows = {marker.row for marker in trial.case.marked("no effect")}
    if not same(trial.written, trial.outcome(without_lines(trial.case.source, rows))):
        yield "dropping the line changes the gradient"

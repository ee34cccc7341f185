"""What PyTorch says of a program: which of its writes made a gradient wrong, and by which truth."""

from __future__ import annotations

import enum
from dataclasses import dataclass

import torch

from tests.oracle import Outcome, execute, execute_with_snapshots, same
from tests.random_programs import model
from tests.random_programs.truth import NAME, Watch, tracking, watching

#: Beyond this, rounding decides.
_LARGEST = 1e4
#: Seeds of the other data on which a clean program must be right, too.
OTHER_DATA = (1, 2, 3, 4)


class Verdict(enum.StrEnum):
    """What a program is; the first that applies."""

    FAILS = "fails"
    AFTER_SAVE = "after-save"
    UNTRACKED = "untracked"
    UNJUDGED = "unjudged"
    EXCEPTED = "excepted"
    HIT_BUT_RIGHT = "hit but right"
    LUCK = "right by luck"
    CLEAN = "clean"
    IDLE = "idle"


@dataclass(frozen=True)
class Judgement:
    """A verdict, and for each write at fault the rows of the `.data` it may be reported at.

    Of the writes in `after_save` at least one must be reported, of those in `untracked` each.
    """

    verdict: Verdict
    why: str
    after_save: dict[int, frozenset[int]]
    untracked: dict[int, frozenset[int]]
    #: Rows of writes that only wrote what was there: there, a report is neither right nor wrong.
    vain: frozenset[int] = frozenset()


def judge(program: model.Program) -> Judgement:
    """Runs the renderings of `program` and compares."""
    source = model.as_written(program)
    written = execute(source, NAME)
    truth = execute_with_snapshots(source, NAME)
    fault = _fault(written) or _fault(truth)
    if fault:
        return Judgement(Verdict.FAILS, fault, {}, {})
    watch = _watched(program, truth)
    wrong, unknown = _edits(program, watch, truth)
    excepted = {number for number in wrong if program.writes[number].excepted}
    untracked = _rows(watch, wrong - excepted)
    if not agree(written, truth):
        assert watch.spoilers, f"no write is to blame\n{source}"
        spoilers = _rows(watch, watch.spoilers)
        return Judgement(Verdict.AFTER_SAVE, _shown(written, truth), spoilers, untracked)
    if untracked:
        return Judgement(Verdict.UNTRACKED, f"writes {sorted(untracked)}", {}, untracked)
    if unknown or excepted:
        verdict = Verdict.UNJUDGED if unknown else Verdict.EXCEPTED
        return Judgement(verdict, "; ".join(unknown), {}, {})
    vain = _vain(program, watch)
    rows = frozenset[int]().union(*_rows(watch, vain).values())
    return Judgement(_right(program, watch.before_backward, vain), "", {}, {}, rows)


def _fault(outcome: Outcome) -> str:
    """Why an outcome proves nothing."""
    if outcome.error is not None:
        return outcome.error
    if not outcome.gradients:
        return "no gradient"
    sane = all(
        bool(gradient.isfinite().all()) and bool((gradient.abs() < _LARGEST).all())
        for gradient in outcome.gradients.values()
    )
    return "" if sane else "out of range"


def _watched(program: model.Program, truth: Outcome) -> Watch:
    with watching() as watch:
        watched = execute(model.with_trace(program), NAME)
    assert agree(watched, truth), f"watching changed {watched.error}\n{model.as_written(program)}"
    return watch


def _edits(program: model.Program, watch: Watch, truth: Outcome) -> tuple[set[int], list[str]]:
    """The writes that would change a gradient if autograd saw them; why that is not known."""
    wrong, unknown = set[int](), list[str]()
    for number in sorted(watch.before_backward):
        sight = _in_sight(model.with_tracked(program, number))
        if _fault(sight):
            unknown.append(_fault(sight))
        elif not agree(sight, truth):
            wrong.add(number)
    return wrong, unknown


def _vain(program: model.Program, watch: Watch) -> set[int]:
    """Writes whose values were there already, as `relu_` leaves what is positive."""
    copies = {number for number, write in program.writes.items() if write.copies}
    return watch.done - watch.effective - copies


def _in_sight(rendering: str) -> Outcome:
    with tracking():
        return execute_with_snapshots(rendering, NAME)


def _right(program: model.Program, numbers: set[int], vain: set[int]) -> Verdict:
    """How clean a program is whose gradients are right."""
    with tracking():  # views of one call that returns several fail for reasons of their own
        detached = execute(model.with_detach(program), NAME)
    if detached.error is not None:
        return Verdict.HIT_BUT_RIGHT if detached.modified else Verdict.UNJUDGED
    if not numbers - vain:
        return Verdict.IDLE
    if any(_used(program, number) for number in numbers):
        return Verdict.EXCEPTED
    if any(_wrong_on(program, seed, numbers) for seed in OTHER_DATA):
        return Verdict.LUCK
    return Verdict.CLEAN


def _used(program: model.Program, number: int) -> bool:
    """Whether the values of an excepted edit count: `h.data.zero_()`, then `h * h`."""
    if not program.writes[number].excepted:
        return False
    with tracking() as graph:
        execute_with_snapshots(model.with_tracked(program, number), NAME)
    other = execute_with_snapshots(model.with_other_value(program, number), NAME)
    truth = execute_with_snapshots(model.as_written(program), NAME)
    return graph.met and other.error is None and not agree(other, truth)


def _wrong_on(program: model.Program, seed: int, numbers: set[int]) -> bool:
    """Whether an edit that changes no gradient does so on other data.

    To multiply what a mask then hides, to clamp what is small enough: such programs are right as
    they stand, but they are not clean.
    """
    truth = execute_with_snapshots(model.on_other_data(model.as_written(program), seed), NAME)
    sight = _in_sight(model.on_other_data(model.with_tracked(program, *numbers), seed))
    return not _fault(truth) and not _fault(sight) and not agree(sight, truth)


def agree(a: Outcome, b: Outcome) -> bool:
    """Whether the gradients are the same, where no gradient counts as zero."""
    keys = a.gradients.keys() | b.gradients.keys()
    return same(_filled(a, b, keys), _filled(b, a, keys))


def _filled(a: Outcome, b: Outcome, keys: set[str]) -> Outcome:
    every = {k: a.gradients.get(k, torch.zeros_like(b.gradients.get(k, _NOTHING))) for k in keys}
    return Outcome(every, a.error)


_NOTHING = torch.zeros(())


def _rows(watch: Watch, writes: set[int]) -> dict[int, frozenset[int]]:
    return {number: frozenset(watch.rows[number]) for number in sorted(writes)}


def _shown(written: Outcome, truth: Outcome) -> str:
    return "; ".join(
        f"{name} is {_listed(written, name)} where {_listed(truth, name)} is right"
        for name in truth.gradients
        if name not in written.gradients
        or not torch.allclose(written.gradients[name], truth.gradients[name], rtol=1e-4, atol=1e-6)
    )


def _listed(outcome: Outcome, name: str) -> str:
    gradient = outcome.gradients.get(name)
    return "None" if gradient is None else str([round(v, 4) for v in gradient.flatten().tolist()])

"""Random programs: the generator and its judge are tried first, then the linter is."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
import torch
from hypothesis import HealthCheck, Phase, given, settings

from tests import oracle
from tests.random_programs import blocks, generate, helpers, model, writes
from tests.random_programs import compare as comparing
from tests.random_programs.campaign import Tally, campaign, one_thread
from tests.random_programs.compare import compare
from tests.random_programs.generate import numbered, programs
from tests.random_programs.judge import Verdict, judge
from tests.random_programs.keep import explained
from tests.random_programs.model import Block, Line, Program, Write
from tests.random_programs.reduce import reduced
from tests.random_programs.scope import Kind
from tests.random_programs.truth import tracked, tracking

if TYPE_CHECKING:
    from datalint.finding import Finding

SEED = 20260101


def program(*body: str | Write | Block, flag: bool = False) -> Program:
    """A program on a leaf `w`, with the statements given."""
    statements = [Line(s) if isinstance(s, str) else s for s in body]
    return Program(
        (),
        (
            Line("w = torch.tensor([0.5, -1.0, 2.0], requires_grad=True)"),
            *statements,
            Line("return {k: t.grad for k, t in {'w': w}.items() if t.grad is not None}"),
        ),
        flag,
    )


HALVED = Write(1, "h.data", "{t}.mul_(0.5)")
DOUBLED = Write(2, "h.data", "{t}.mul_(2.0)")
ZEROED = Write(1, "h.data", "{t}.zero_()", fill=True)
ROW_OF_WRITE = 8


@pytest.mark.parametrize(
    ("verdict", "body"),
    [
        (Verdict.AFTER_SAVE, ["h = w.exp()", "y = h * h", HALVED, "y.sum().backward()"]),
        (Verdict.AFTER_SAVE, ["h = w * 2", "y = h * h", ZEROED, "y.sum().backward()"]),
        (Verdict.UNTRACKED, ["h = w * 2", HALVED, "y = h * h", "y.sum().backward()"]),
        (Verdict.EXCEPTED, ["h = w * 2", ZEROED, "y = h * 3", "y.sum().backward()"]),
        (Verdict.EXCEPTED, ["h = w * 2", ZEROED, "y = h * h", "y.sum().backward()"]),
        (Verdict.CLEAN, ["h = w * 2", "y = h * 2", ZEROED, "y.sum().backward()"]),
        (Verdict.CLEAN, ["h = w", ZEROED, "y = h * h", "y.sum().backward()"]),
        (Verdict.CLEAN, ["h = w * 2", "y = h * 2", HALVED, "y.sum().backward()"]),
        (Verdict.CLEAN, ["h = w", HALVED, "y = h * h", "y.sum().backward()"]),
        (Verdict.HIT_BUT_RIGHT, ["h = w.relu()", "loss = h.sum()", HALVED, "loss.backward()"]),
        (Verdict.IDLE, ["h = w * 2", "y = h * h", "y.sum().backward()", HALVED]),
        (Verdict.FAILS, ["h = w * 2", "h.sum().backward()", HALVED, "missing"]),
        (Verdict.FAILS, ["h = w.log()", HALVED, "(h * h).sum().backward()"]),
    ],
)
def test_each_verdict(verdict: Verdict, body: list[str | Write]) -> None:
    assert judge(program(*body)).verdict is verdict


def test_the_rows_at_fault_are_those_of_the_data() -> None:
    body = ["h = w * 2", "y = h * h", HALVED, "y.sum().backward()"]
    assert judge(program(*body)).after_save == {1: {ROW_OF_WRITE + 1}}
    through_alias = Write(1, "c[0]", "{t}.mul_(0.5)")
    body = ["h = w * 2", "c = [h.detach().data]", "y = h * h", through_alias, "y.sum().backward()"]
    assert judge(program(*body)).after_save == {1: {ROW_OF_WRITE}}
    body = ["h = w * 2", "c = h.view(3, 1).data", Write(1, "c", "{t}.mul_(0.5)")]
    judgement = judge(program(*body, "(h * h).sum().backward()"))
    assert judgement.untracked == {1: {ROW_OF_WRITE}}


def test_only_the_write_at_fault_is_blamed() -> None:
    body = ["h = w * 2", HALVED, "y = h.exp()", DOUBLED, "y.sum().backward()"]
    assert set(judge(program(*body)).untracked) == {1}
    trebled = Write(3, "y.data", "{t}.mul_(3.0)")
    body = ["h = w.exp()", "y = h * 3", HALVED, "loss = y.sum()", trebled, "loss.backward()"]
    assert set(judge(program(*body)).after_save) == {1}
    squared = Write(4, "h.data", "{t}.square_()")
    body = ["h = w.exp()", "y = h * 3", HALVED, squared, "y.sum().backward()"]
    assert set(judge(program(*body)).after_save) == {1, 4}


def test_a_write_that_is_undone_before_backward_is_a_hit_and_right() -> None:
    body = ["h = w.exp()", "y = h * 3", HALVED, DOUBLED, "y.sum().backward()"]
    assert judge(program(*body)).verdict is Verdict.HIT_BUT_RIGHT


def test_what_is_written_must_not_have_been_there() -> None:
    vain = Write(1, "h.data", "{t}.abs_()")
    judgement = judge(program("h = w * w", vain, "y = h * h", "y.sum().backward()"))
    assert (judgement.verdict, judgement.vain) == (Verdict.IDLE, {ROW_OF_WRITE})
    copied = Write(1, "h.data", "{t}[[0]].zero_()", copies=True)
    judgement = judge(program("h = w * w", copied, "y = h * h", "y.sum().backward()"))
    assert (judgement.verdict, judgement.vain) == (Verdict.CLEAN, set())


def test_what_is_right_on_this_data_only_is_not_clean() -> None:
    clamped = Write(1, "h.data", "{t}.clamp_(max=0.6)")
    body = ["h = w * 1", clamped, "y = h * torch.tensor([1.0, 1.0, 0.0])", "y.sum().backward()"]
    assert judge(program(*body)).verdict is Verdict.LUCK


def test_a_flag_goes_both_ways() -> None:
    branch = Block("if flag:", (HALVED,))
    body = ["h = w * 2", branch, "(h * h).sum().backward()"]
    assert judge(program(*body, flag=True)).verdict is Verdict.UNTRACKED


def test_a_write_in_the_sight_of_autograd_reaches_later_uses_of_every_view() -> None:
    seen = program(
        "h = w * 2", "v, *_ = h.view(3, 1).unbind()", HALVED, "(v * v + h.sum()).sum().backward()"
    )
    plain = "import torch\ndef run():\n    w = torch.tensor([0.5, -1.0, 2.0], requires_grad=True)\n"
    plain += "    h = w * 2 * 0.5\n    (h[0] * h[0] + h.sum()).backward()\n    return {'w': w.grad}"
    with tracking():
        told = oracle.execute_with_snapshots(model.with_tracked(seen, 1))
    assert oracle.same(told, oracle.execute(plain))


def test_memory_that_a_tensor_gave_up_is_not_its_own() -> None:
    with tracking():
        leaf = torch.ones(3, requires_grad=True)
        made = leaf * 2
        memory = made.data
        assert tracked(memory)._base is made
        made.data = torch.zeros(3)
        assert tracked(memory) is memory


def test_renderings_differ_only_where_they_mean_to() -> None:
    for index in range(60):
        made = numbered(SEED, index)
        rows = model.as_written(made).splitlines()
        reads = {n for n, row in enumerate(rows) if "data" in row}
        assert _differing(rows, model.with_detach(made)) <= reads
        for number, write in made.writes.items():
            assert len(_differing(rows, model.without(made, number))) == 1
            sight = _differing(rows, model.with_tracked(made, number)) - {0}
            assert len(sight) == (0 if write.copies else 1)
        assert len(_differing(rows, model.with_trace(made)) - {0}) == len(made.writes)


def _differing(rows: list[str], rendering: str) -> set[int]:
    others = rendering.splitlines()
    assert len(rows) == len(others)
    return {n for n, (row, other) in enumerate(zip(rows, others, strict=True)) if row != other}


def test_detach_is_what_the_oracle_means_by_it() -> None:
    for index in range(60):
        made = numbered(SEED, index)
        ours = oracle.execute(model.with_detach(made))
        theirs = oracle.execute(oracle.with_detach(model.as_written(made)))
        assert ours.modified == theirs.modified
        assert oracle.same(ours, theirs) or ours.error is not None


def test_the_same_seed_gives_the_same_program_and_another_another() -> None:
    assert model.as_written(numbered(SEED, 3)) == model.as_written(numbered(SEED, 3))
    assert len({model.as_written(numbered(SEED, index)) for index in range(50)}) == 50


def test_every_feature_occurs() -> None:
    features = Counter[str]()
    for index in range(3000):
        features.update(numbered(SEED, index).features)
    spellings = {
        f"write {spelling.text}"
        for table in (writes.ARITHMETIC, writes.FILLS, writes.OTHERS, writes.MASKS, writes.INDICES)
        for spelling in table
    }
    assert spellings - features.keys() == set()
    kinds = {f"write to {kind.name.lower()}" for kind in Kind}
    assert kinds - features.keys() == set()
    named = " ".join(FEATURES.split()).split("; ")
    assert {name for name in named if features[name] < 5} == set()


FEATURES = """
    alias by name; alias by walrus; alias by tuple unpacking; alias by star unpacking;
    alias by list; alias by append; alias by dict; alias by dict item; alias by attribute;
    alias by attribute set; alias by conditional; alias by list out; alias by loop;
    alias by nested unpacking; alias by comprehension;
    alias by setattr; custom function; decorated helper; recursion; match; for over parameters;
    comprehension that writes; whole;
    view then data; data then view; getattr({x}, 'data'); torch.Tensor.data.__get__({x});
    view; several views; detach; requires_grad_; rebinding; total; module; module class;
    module that writes in forward; method; generator; closure; lambda; lambda closure;
    nested helpers; helper that writes; helper that writes its argument; helper that computes;
    helper that saves and writes; helper that returns a pair; helper that returns .data;
    helper that returns its argument; branch; for range; for over tensors; jump; while;
    try; no_grad; backward by loss; backward by autograd.backward; backward by grad;
    backward by create_graph; retain_graph; two graphs; write before any use;
    write between loss and backward; write after a backward; write after the last backward;
    saves input; saves result; saves both; saves nothing; saves mask or index
"""


def test_all_parts_of_the_grammar_are_reached() -> None:
    """A part that no weight admits would be dead."""
    for weights in (generate.STEPS, blocks.BLOCKS, helpers.HELPERS):
        assert all(weight > 0 for weight in weights.values())


def test_what_is_reduced_has_nothing_left_to_leave_out() -> None:
    body = ["x = torch.ones(3)", "h = w * 2", "z = h + x", "y = h * h", HALVED]
    large = program(*body, "z = z * z", "loss = y.sum() + z.sum()", "loss.backward()")
    small = reduced(large, lambda candidate: judge(candidate).verdict is Verdict.AFTER_SAVE)
    assert [model.as_written(small).splitlines()[n].strip() for n in (5, 6, 7, 8, 9, 10)] == [
        "w = torch.tensor([0.5, -1.0, 2.0], requires_grad=True)",
        "h = w * 2",
        "y = h * h",
        "h.data.mul_(0.5)",
        "loss = y.sum()",
        "loss.backward()",
    ]


def test_a_linter_that_says_nothing_misses_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(source: bytes, path: str) -> list[Finding]:
        return []

    monkeypatch.setattr(comparing, "check_source", silent)
    tally = _tally(60)
    wrong = tally.verdicts[Verdict.AFTER_SAVE] + tally.verdicts[Verdict.UNTRACKED]
    assert len(tally.missed) == wrong > 0
    assert not tally.passed


def test_a_linter_that_dies_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def dying(source: bytes, path: str) -> list[Finding]:
        raise ValueError("dead")

    monkeypatch.setattr(comparing, "check_source", dying)
    assert "ValueError: dead" in compare(numbered(SEED, 0)).crash
    assert len(_tally(5).crashed) == 5


def _tally(count: int, seed: int = SEED) -> Tally:
    *_, (_, _, _, tally) = campaign(seed, count)
    return tally


def test_a_hundred_programs() -> None:
    tally = _tally(100)
    assert (tally.crashed, tally.missed) == ([], []), str(tally)


@pytest.mark.slow
@settings(
    max_examples=60,
    phases=[Phase.generate, Phase.shrink],
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(programs())
def test_programs_that_shrink(made: Program) -> None:
    with one_thread():
        comparison = compare(made)
    assert not comparison.crash and not comparison.misses, explained(made, "hypothesis")


@pytest.mark.slow
def test_a_thousand_programs(capsys: pytest.CaptureFixture[str]) -> None:
    tally = _tally(1000, seed=SEED + 1)
    with capsys.disabled():
        print(f"\n{tally}")
    assert tally.passed, str(tally)

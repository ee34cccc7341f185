"""The trial must be able to object: fixtures with wrong markers do not get through."""

from __future__ import annotations

import pytest

from tests.fixture_case import FIXTURES, FixtureCase, State, load
from tests.oracle.trial import objections

SEED = load(FIXTURES / "seed" / "sigmoid_output_is_zeroed.py")


def case(body: str) -> FixtureCase:
    """A fixture whose `run` is `body`."""
    lines = "".join(f"    {line}\n" for line in body.strip().split("\n"))
    head = '"""A fixture of the tests."""\nimport torch\n'
    return FixtureCase(FIXTURES / "tests" / "case.py", f"{head}def run():\n{lines}")


WRONG = """
x = torch.tensor([1.0, 2.0], requires_grad=True)
y = x.exp()
y.data.zero_(){marker}
y.sum().backward()
return {{"x": x.grad}}
"""

UNTRACKED = """
x = torch.tensor([1.0, 2.0], requires_grad=True)
y = x * 2
y.data.mul_(5){marker}
y.sum().backward()
return {{"x": x.grad}}
"""


@pytest.mark.parametrize(
    ("body", "marker", "state", "objection"),
    [
        (WRONG, "expect: write-after-save", State.WRONG, None),
        (WRONG, "", State.RIGHT, "as written: silently wrong"),
        (WRONG, "quiet: said to be fine", State.RIGHT, "as written: silently wrong"),
        (WRONG, "raises: MOD", State.RAISES, "it does not raise MOD"),
        (WRONG, "no effect", State.NO_EFFECT, "dropping the line changes the gradient"),
        (WRONG, "missing: write-after-save", State.OUT_OF_REACH, None),
        (WRONG, "expect: untracked-write", State.WRONG, "needs a `# cure:`"),
        (
            WRONG,
            "expect: write-after-save  # cure: z = y * 2",
            State.WRONG,
            "no cure is needed, with detach(): raises MOD",
        ),
        (UNTRACKED, "expect: untracked-write  # cure: y = y * 5", State.WRONG, None),
        (UNTRACKED, "expect: untracked-write  # cure: y = y * 1", State.WRONG, "it is right"),
        (UNTRACKED, "expect: write-after-save", State.WRONG, "as written it is right"),
        (UNTRACKED, "quiet: said to be fine", State.RIGHT, None),
        (
            UNTRACKED,
            "quiet: as the cure  # cure: y = y * 5",
            State.RIGHT,
            "as written: silently wrong",
        ),
    ],
)
def test_pytorch_contradicts_wrong_markers(
    body: str, marker: str, state: State, objection: str | None
) -> None:
    fixture = case(body.format(marker=f"  # {marker}"))
    assert fixture.state is state
    told = "; ".join(objections(fixture))
    assert objection in told if objection else not told


def test_an_error_of_the_fixture_itself_is_no_proof() -> None:
    broken = case(WRONG.format(marker="  # expect: write-after-save").replace("zero_()", "zro_()"))
    assert any("for a reason of its own: AttributeError" in said for said in objections(broken))
    second = WRONG.format(marker="  # expect: write-after-save").replace(
        "y.sum().backward()", "y.sum().backward()\ny.sum().backward()"
    )
    assert any("a second time" in said for said in objections(case(second)))


def test_both_drivers_are_run() -> None:
    source = """
import torch

def zero(y):
    y.data.zero_()  # expect: unchecked-write

# --- drivers (not linted) ---

def harmful():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x.{}()
    zero(y)
    y.sum().backward()
    return {{"x": x.grad}}

def harmless():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x.{}()
    zero(y)
    y.sum().backward()
    return {{"x": x.grad}}
"""

    def said(harmful: str, harmless: str) -> list[str]:
        path = FIXTURES / "tests" / "case.py"
        return objections(FixtureCase(path, source.format(harmful, harmless)))

    assert said("exp", "sin") == []
    assert said("sin", "sin") == [
        "harmful(): as written it is right",
    ]
    assert any("harmless(): as written: silently wrong" in s for s in said("exp", "exp"))


def test_markers_are_read_from_comments_only() -> None:
    fixture = case("""
y = "# expect: write-after-save"  # expect: a, b  # cure: y = [1, 2]
z = 1  # an ordinary comment with expect: in it
""")
    assert dict(fixture.reports("expect")) == {(4, "a"): 1, (4, "b"): 1}
    assert fixture.cures == {4: "y = [1, 2]"}
    assert SEED.reports("expect") == {(10, "write-after-save"): 1}
    assert SEED.topic == "seed" and SEED.entries == ("run",)

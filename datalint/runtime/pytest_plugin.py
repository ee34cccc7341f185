"""The pytest plugin: with `--datalint` a test that corrupts a gradient fails.

Nothing of torch is imported unless it is asked for.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

    from datalint.runtime.corruption import Corruption

_MARKER = "datalint_allow(reason): this test may corrupt gradients; --datalint does not watch it"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Two options."""
    group = parser.getgroup("datalint")
    group.addoption(
        "--datalint",
        action="store_true",
        help="fail tests that make a gradient silently wrong",
    )
    group.addoption(
        "--datalint-trace",
        action="store_true",
        help="the same, and say where the write is and how wrong the gradient; this is slower",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Watch tests only if that was asked for."""
    config.addinivalue_line("markers", _MARKER)
    trace = config.getoption("--datalint-trace")
    if trace or config.getoption("--datalint"):
        config.pluginmanager.register(_Watching(trace=trace), "datalint-watching")


class _Watching:
    def __init__(self, *, trace: bool) -> None:
        self._trace = trace

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Run the test under the witness; what a test itself raises stays as it is."""
        if item.get_closest_marker("datalint_allow") is not None:
            return (yield)
        from datalint.runtime import watch

        with contextlib.ExitStack() as watching:
            witness = watching.enter_context(watch(trace=self._trace))
            result = yield
        if witness.corruptions:
            pytest.fail(_told(witness.corruptions, trace=self._trace), pytrace=False)
        return result


def _told(corruptions: list[Corruption], *, trace: bool) -> str:
    """The report on all of them."""
    from datalint.report import REPORTERS, Look
    from datalint.runtime.findings import Findings

    findings = Findings()
    report = findings.report(corruptions)
    text = REPORTERS["text"](report, findings.sources, Look(summary=False))
    # One without a place in any source has no excerpt, and is told all the same.
    lines = [str(corruption) for corruption in findings.unplaced]
    more = [] if trace else ["--datalint-trace says where it was written, and how wrong that is"]
    return "\n".join(["a gradient was silently corrupted", *lines, text, *more])

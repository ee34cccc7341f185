"""Several processes: the same report as from one, however they end, and a bar on the terminal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from datalint import lint
from datalint.cli.progress import Progress
from datalint.lint import Linter
from datalint.pool import Died, Pool, available
from datalint.selection import Selection
from tests.conftest import ROOT, clean_environment
from tests.test_cli import HARMFUL, HARMLESS

if TYPE_CHECKING:
    from tests.conftest import Datalint

needs_fork = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is forked")
#: Bytes that are quickly judged.
PADDING = f"# {'-' * 52_000}\n"
FILES = {
    "a.py": HARMFUL + PADDING,
    "b.py": "print('no such attribute')\n",
    "c.py": "x.data = = 3\n" + PADDING,
    "d/e.py": HARMFUL + PADDING * 2,
    "d/f.py": "import torch\n\n" + HARMLESS + PADDING,
    "g.py": "y = 2  # datalint: ignore[data-read] in vain\n" + PADDING,
}

#: Judging says in which process it is, and waits, dies or fails if the path has the word for it.
PROGRAM = """
import os, signal, sys, time
from datalint import check
from datalint.cli import main

judge = check.check_source

def check_source(source, path, *more):
    os.write(2, f"at {os.getpid()}\\n".encode())  # whole, whoever else writes
    if "endless" in path:
        time.sleep(60)
    if "slow" in path:
        time.sleep(1)
    if "deadly" in path:
        os.kill(os.getpid(), signal.SIGKILL)
    if "broken" in path:
        raise OSError("no such luck")
    return judge(source, path, *more)

check.check_source = check_source
main()
"""
BAR = "from datalint.cli import main, progress; progress._LONG = 0; main()"
RENDERED = """
import functools, json, sys
from datalint import pool
from datalint.lint import Linter
from datalint.pool import Pool
from datalint.report import REPORTERS
from datalint.runner import Run
from datalint.selection import Selection
from datalint.source.discover import discover
from datalint.source.excludes import Excludes

started, start = [], Pool._start
Pool._start = lambda pool: started.append(start(pool))
method, jobs, *paths = sys.argv[1:]
pool._WORTH[method] = 10_000
pool.Pool = functools.partial(Pool, method=method)
run = Run(Linter(Selection(select=("all",))))
run.check_listing(discover(paths, Excludes.read("", None, ())), int(jobs))
report = run.report()
rendered = {name: render(report, run.sources) for name, render in REPORTERS.items()}
print(len(started), json.dumps([rendered, run.checked]), sep="\\n")
"""


def run_program(program: str, *words: str, session: bool = False) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=clean_environment(),
        start_new_session=session,
    )


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("d").mkdir()
    for name, text in FILES.items():
        Path(name).write_text(text)


def rendered(method: str, jobs: int, *paths: str) -> tuple[int, str]:
    """How many processes there were, and all formats of what they found."""
    process = run_program(RENDERED, method, str(jobs), *paths)
    out, err = process.communicate(timeout=600)
    assert err == ""
    started, text = out.splitlines()
    return int(started), text


@pytest.mark.parametrize("method", [pytest.param("fork", marks=needs_fork), "spawn"])
@pytest.mark.parametrize("folder", ["alias", pytest.param("", marks=pytest.mark.slow)])
def test_every_report_is_that_of_one_process(folder: str, method: str) -> None:
    path = str(ROOT / "fixtures" / folder)
    (none, alone), (some, together) = rendered(method, 1, path), rendered(method, 2, path)
    assert (none, some) == (0, 2)
    assert together == alone


@pytest.mark.usefixtures("files")
class TestRun:
    def test_verbose_lines_and_problems_come_in_the_order_of_the_files(
        self, datalint: Datalint
    ) -> None:
        done = datalint(".", "-v", "-j2", "--output-format", "concise")
        assert done == datalint(".", "-v", "-j1", "--output-format", "concise")
        assert done.stderr.splitlines() == [
            "a.py: 1 shown of 1 found",
            "b.py: nothing to judge",
            "c.py: not analysed",
            "d/e.py: 1 shown of 1 found",
            "d/f.py: 0 shown of 1 found",
            "g.py: 0 shown of 0 found",
        ]
        assert done.returncode == 2

    def test_a_baseline_is_kept_by_the_one_that_started_the_others(
        self, datalint: Datalint
    ) -> None:
        Path("c.py").unlink()
        made = datalint(".", "-j2", "--write-baseline")
        assert "2 findings of 2 files recorded" in made.stdout
        known = datalint(".", "-j2", "--baseline", "datalint-baseline.json")
        assert (known.returncode, known.stderr) == (0, "")
        assert "; 2 in the baseline;" in known.stdout
        Path("a.py").write_text(HARMFUL.replace("zero_", "detach") + PADDING)
        less = datalint(".", "-j2", "--baseline", "datalint-baseline.json")
        assert "1 finding of the baseline is fixed" in less.stderr

    def test_fixes_are_made_and_what_is_left_is_reported(self, datalint: Datalint) -> None:
        Path("c.py").unlink()
        done = datalint(".", "-j2", "--fix", "--unsafe-fixes", "--output-format", "concise")
        assert (done.returncode, done.stderr) == (0, "")
        assert "0 findings; 2 fixed" in done.stdout
        assert ".detach()" in Path("a.py").read_text()

    def test_one_that_is_killed_is_a_problem_of_its_file_alone(self) -> None:
        Path("c.py").rename("deadly.py")
        out, err = run_program(PROGRAM, ".", "-j2", "--output-format", "concise").communicate()
        assert out.splitlines()[-2:] == [
            "deadly.py:1:1: error[not-analysed] the process that judged it was killed by signal 9;"
            " perhaps it ran out of memory",
            "5 files checked, 1 not analysed: 2 findings; 1 write through .data not shown to be"
            " harmful: --select all",
        ]
        assert "Traceback" not in err

    def test_files_are_judged_though_each_kills_a_process(self) -> None:
        for name in ("a.py", "c.py", "d/f.py"):
            Path(name).rename(Path(name).with_stem("deadly_" + Path(name).stem))
        process = run_program(PROGRAM, ".", "-j2", "--output-format", "concise")
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 2
        assert "3 files checked, 3 not analysed: 1 finding" in out

    def test_a_bug_is_reported_as_by_one_process(self) -> None:
        Path("c.py").rename("broken.py")
        reports = {
            run_program(PROGRAM, ".", jobs, "--output-format", "concise").communicate()[0]
            for jobs in ("-j1", "-j2")
        }
        assert len(reports) == 1
        assert "a datalint bug in broken.py: OSError: no such luck" in reports.pop()

    @needs_fork
    def test_an_interrupt_ends_all_of_them_quietly(self) -> None:
        for name in ("a.py", "d/e.py"):
            Path(name).rename("endless_" + Path(name).name)
        process = run_program(PROGRAM, ".", "-j2", session=True)
        assert process.stderr is not None
        at = {int(process.stderr.readline().split()[1]) for _ in range(2)}
        assert len(at) == 2 and process.pid not in at
        os.killpg(process.pid, signal.SIGINT)
        assert process.communicate(timeout=30) == ("", "")
        assert process.returncode == 130
        for worker in at:
            with pytest.raises(ProcessLookupError):
                os.kill(worker, 0)

    @needs_fork
    def test_none_outlives_the_one_that_started_it(self) -> None:
        for name in ("a.py", "d/e.py"):
            Path(name).rename("slow_" + Path(name).name)
        process = run_program(PROGRAM, ".", "-j2")
        assert process.stderr is not None
        process.stderr.readline(), process.stderr.readline()
        process.kill()
        # The streams end when the last process that has them does.
        assert "Traceback" not in process.communicate(timeout=20)[1]

    @needs_fork
    def test_where_no_process_can_be_started_this_one_does_it_all(
        self, datalint: Datalint, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        expected = datalint(".", "-j1")

        def start(process: object) -> None:
            raise BlockingIOError("Resource temporarily unavailable")

        monkeypatch.setattr("multiprocessing.process.BaseProcess.start", start)
        assert datalint(".", "-j2") == expected

    @pytest.mark.parametrize("words", [["-j1", "."], ["-j8", "a.py", "b.py"]])
    def test_little_is_done_by_one(
        self, words: list[str], datalint: Datalint, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Pool, "_start", lambda pool: pytest.fail("a process was started"))
        assert "a.py:5:5" in datalint(*words).stdout

    @pytest.mark.parametrize("number", ["0", "-1", "many"])
    def test_a_number_that_cannot_be_meant_is_one_line(
        self, number: str, datalint: Datalint
    ) -> None:
        done = datalint(".", "-j", number)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("datalint: error: Invalid value for '-j' / '--jobs': ")
        assert done.stderr.count("\n") == 1

    @pytest.mark.skipif(os.name == "nt", reason="needs a pipe with a name")
    def test_what_can_be_read_but_once_is_read_once(self, datalint: Datalint) -> None:
        os.mkfifo("pipe.py")
        writer = threading.Thread(target=Path("pipe.py").write_text, args=[HARMFUL])
        writer.start()
        assert "1 file checked: 1 finding" in datalint("pipe.py", "-j2").stdout
        writer.join()


def length(source: bytes, path: str) -> tuple[int, int]:
    """Some work, and who did it."""
    if path.startswith("exits"):
        os._exit(3)
    return len(source), os.getpid()


@pytest.mark.parametrize("method", [pytest.param("fork", marks=needs_fork), "spawn"])
def test_answers_come_from_others_and_the_biggest_is_done_first(method: str) -> None:
    sizes = {"small": 250_000, "big": 900_000, "exits": 260_000, "tiny": 3}
    with Pool(length, 2, method=method) as pool:  # type: ignore[arg-type]
        for path, size in sizes.items():
            pool.put(path, b"x" * size)
        answers = dict(pool.answers(all_of_them=True))
        assert pool.left() == {}
    assert answers.pop("exits") == Died(3)
    counted = {path: answer[0] for path, answer in answers.items() if not isinstance(answer, Died)}
    assert counted == {path: size for path, size in sizes.items() if path != "exits"}
    assert os.getpid() not in {a[1] for a in answers.values() if not isinstance(a, Died)}


@needs_fork
def test_others_do_what_was_given_to_those_that_died() -> None:
    sizes = {
        "exits": 250_000,
        "exits too": 250_000,
        "exits with more": 2_000,
        "small": 3,
        "tiny": 2,
    }
    with Pool(length, 2) as pool:
        for path, size in sizes.items():
            pool.put(path, b"x" * size)
        answers = dict(pool.answers(all_of_them=True))
    died = [path for path, answer in answers.items() if isinstance(answer, Died)]
    assert sorted(died) == ["exits", "exits too", "exits with more"]
    assert answers.keys() == sizes.keys()


@needs_fork
def test_files_are_done_by_size_and_small_ones_together() -> None:
    with Pool(length, 2) as pool:
        pool._limit = 0  # so that all of them wait
        for number, size in enumerate([10, 50_000, 20, 70_000, 60_000]):
            pool.put(str(number), b"x" * size)
        pool._limit = 1
        chunks = [[task.path for task in pool._chunk()] for _ in range(4)]
    assert chunks == [["3"], ["4"], ["1"], ["0", "2"]]


@needs_fork
def test_only_processors_that_this_process_may_use_count() -> None:
    program = (
        "import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))]);"
        "from datalint.pool import available; print(available())"
    )
    assert run_program(program).communicate()[0] == "1\n"
    assert available() == len(os.sched_getaffinity(0))


def test_a_file_that_was_checked_is_forgotten(tmp_path: Path) -> None:
    linter = Linter(Selection())
    for number in range(3):
        path = tmp_path / f"{number}.py"
        path.write_text(HARMFUL)
        assert len(linter.lint(HARMFUL.encode(), str(path)).findings) == 1
        assert list(linter.modules) == [str(path)]


def test_imports_used_longest_ago_are_forgotten_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "setup.py").touch()
    helper = "import torch\n\ndef clip(t):\n    t.clamp_(0)\n"
    monkeypatch.setattr(lint, "_MUCH", 2 * len(helper))
    linter = Linter(Selection())
    held = []
    for name in ("one", "two", "one", "three", "three"):
        (tmp_path / f"{name}.py").write_text(helper)
        text = HARMFUL.replace("import torch\n", f"import torch\nfrom {name} import clip\n")
        text += "\n\ndef g(x):\n    clip(x.data)\n"
        path = tmp_path / "a.py"
        path.write_text(text)
        linter.lint(text.encode(), str(path))
        held.append([Path(module).stem for module in linter.modules])
    assert held == [
        ["a", "one"],
        ["one", "a", "two"],
        ["two", "a", "one"],
        ["two", "one", "a", "three"],
        ["one", "a", "three"],
    ]


class Terminal:
    """A terminal of one line, as far as the bar goes."""

    def __init__(self) -> None:
        self.line, self.column, self.seen = "", 0, list[str]()

    def write(self, text: str) -> None:
        for char in text:
            if char == "\r":
                self.column = 0
                continue
            assert char.isprintable()
            self.line = (
                self.line[: self.column].ljust(self.column) + char + self.line[self.column + 1 :]
            )
            self.column += 1
        self.seen.append(self.line)

    def flush(self) -> None:
        """Nothing waits."""


class TestProgress:
    @pytest.fixture
    def clock(self, monkeypatch: pytest.MonkeyPatch) -> list[float]:
        now = [0.0]
        monkeypatch.setattr(time, "monotonic", lambda: now[0])
        return now

    def test_it_comes_after_a_second_and_leaves_no_trace(
        self, clock: list[float], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("COLUMNS", "80")
        terminal = Terminal()
        with Progress(4, terminal) as progress:  # type: ignore[arg-type]
            clock[0] = 0.9
            progress.step()
            assert terminal.seen == []
            clock[0] = 1.1
            progress.step()
            assert terminal.seen == ["[###############---------------] 2/4 files"]
            progress.step()  # too soon to be seen
            clock[0] = 2
            progress.step()
            assert terminal.seen[1:] == ["[##############################] 4/4 files"]
        assert (terminal.line.strip(), terminal.column) == ("", 0)

    def test_it_fits_a_narrow_terminal(
        self, clock: list[float], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("COLUMNS", "10")
        terminal = Terminal()
        with Progress(1, terminal) as progress:  # type: ignore[arg-type]
            clock[0] = 2
            progress.step()
        assert max(map(len, terminal.seen)) == 9

    @needs_fork
    @pytest.mark.usefixtures("files")
    @pytest.mark.parametrize(
        ("words", "terminal", "shown"),
        [
            (["-j1"], "xterm", True),
            (["-j2"], "xterm", True),
            (["-q"], "xterm", False),
            (["-v"], "xterm", False),
            ([], "dumb", False),
        ],
    )
    def test_it_is_on_a_terminal_only(self, words: list[str], terminal: str, shown: bool) -> None:
        import pty

        master, slave = pty.openpty()
        done = subprocess.run(
            [sys.executable, "-c", BAR, ".", *words],
            stdout=subprocess.PIPE,
            stderr=slave,
            env=clean_environment(TERM=terminal),
            check=False,
        )
        os.close(slave)
        os.set_blocking(master, False)
        try:
            written = os.read(master, 100_000).decode()
        except OSError:  # nothing was
            written = ""
        os.close(master)
        assert ("/6 files" in written) is shown
        assert not shown or written.endswith(" \r")
        assert b"files]" not in done.stdout and done.returncode == 2

    @pytest.mark.usefixtures("files")
    def test_it_is_in_no_pipe(self) -> None:
        assert run_program(BAR, ".", "-j2").communicate()[1] == ""

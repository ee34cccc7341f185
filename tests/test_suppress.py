"""Comments that silence findings, and those that silence nothing, as a user meets them."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datalint import check, suppression
from datalint.fix import Fixer
from datalint.lint import Linter
from datalint.selection import Selection
from datalint.silence import Silencer
from datalint.source.text import decode
from tests.conftest import ROOT, clean_environment
from tests.notebooks import code, markdown, notebook

if TYPE_CHECKING:
    from tests.conftest import Datalint

EVERY = Selection(select=("all",))
HEAD = "import torch\nw = torch.ones(3, requires_grad=True)\n"


def shown(text: str | bytes, path: str = "a.py", selection: Selection = EVERY) -> list[str]:
    """Each finding's rule and row, with its cell before the row in a notebook."""
    source = text.encode() if isinstance(text, str) else text
    findings = Linter(selection).lint(source, path).findings
    return [f"{f.rule} {f.span.cell or ''}:{f.span.row}".replace(" :", " ") for f in findings]


def messages(text: str, selection: Selection = EVERY) -> list[str]:
    return [f.message for f in Linter(selection).lint(text.encode(), "a.py").findings]


def read(comment: str) -> str:
    return f"{HEAD}print(w.data)  {comment}\n"


class TestWhatAComment:
    @pytest.mark.parametrize(
        "comment",
        [
            "# datalint: ignore[data-read]",
            "# datalint: ignore[data-read] a reason",
            "#datalint:ignore[ data-write , data-read ]",
            "##  datalint: ignore\t[data-read,]",
            "# noqa: E501  # datalint: ignore[data-read]",
            "# datalint: ignore[data-read] see #12 # noqa",
            "# datalint: ignore[data-read]#noqa",
            "# datalint: ignore[x]  # datalint: ignore[data-read]",
        ],
    )
    def test_covers_on_the_reported_line(self, comment: str) -> None:
        assert "data-read 3" not in shown(read(comment))

    @pytest.mark.parametrize(
        "comment",
        [
            "# datalint: ignore[data-write]",
            "# datalint: ignore[Data-Read]",
            "# datalint: ignore[data_read]",
            "# datalint: ignore[all]",
            "# datalint: ignore",
            "# datalint: ignore[]",
            "# datalint: ignore data-read",
            "# datalint: ignore[data-read",
            "# datalint: ignored[data-read]",
            "# datalint: ignore-file[data-read]",
            "# datalint ignore[data-read]",
            "# as in `# datalint: ignore[data-read]`",
            "; '# datalint: ignore[data-read]'",
        ],
    )
    def test_does_not_cover_where_it_is_not_one_for_this_rule(self, comment: str) -> None:
        text = f"{HEAD}print(w.data){comment}\n"
        assert "data-read 3" in shown(text)

    @pytest.mark.parametrize("row", range(1, 8))
    def test_covers_from_the_first_and_last_row_of_expression_and_statement(self, row: int) -> None:
        rows = ["print(", "    1,", "    (w", "     .view(3)", "     .data),", "    2,", ")"]
        rows[row - 1] += "  # datalint: ignore[data-read]"
        found = shown(HEAD + "\n".join(rows))
        assert ("data-read 5" in found) is (row not in (1, 3, 5, 7))

    @pytest.mark.parametrize(
        ("text", "left"),
        [
            # The head of a compound statement is a line of its own, and so is a decorator.
            ("if (w.data\n    ).any():  # datalint: ignore[data-read]\n    print(w.data)\n", [5]),
            ("for _ in w.data:\n    print(w.data)  # datalint: ignore[data-read]\n", [3]),
            ("with w.data as (\n    a\n):  # datalint: ignore[data-read]\n    pass\n", []),
            ("if 1: print(w.data)  # datalint: ignore[data-read]\n", []),
            ("a = 1; print(w.data); b = [\n]  # datalint: ignore[data-read]\n", []),
            ("print(w.data); b = '''\n'''  # datalint: ignore[data-read]\n", []),
            ("print(w \\\n  .data)  # datalint: ignore[data-read]\n", []),
            ("print(w.data)\n# datalint: ignore[data-read]\n", [3]),
            ("# datalint: ignore[data-read]\nprint(w.data)\n", [4]),
            ("x = '''\n# datalint: ignore-file[data-read]\n'''\nprint(w.data)\n", [6]),
        ],
    )
    def test_covers_of_a_statement_its_head(self, text: str, left: list[int]) -> None:
        found = [place for place in shown(HEAD + text) if place.startswith("data-read")]
        assert found == [f"data-read {row}" for row in left]

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_counts_rows_as_python_does(self, end: str) -> None:
        text = read("# datalint: ignore[data-read]") + "\f\nprint(w.data)\n"
        assert shown(text.replace("\n", end)) == ["data-read 5"]

    @pytest.mark.parametrize(
        "comment",
        [
            "# datalint: ignore-file[data-read] a reason",
            "def f():\n    pass\n    # datalint: ignore-file[data-read, data-write]",
            "# fmt: off  # datalint: ignore-file[data-read]",
        ],
    )
    def test_for_a_file_covers_all_of_it(self, comment: str) -> None:
        text = f"{HEAD}print(w.data)\n{comment}\nprint(w.data)\n"
        assert not any(place.startswith("data-read") for place in shown(text))

    def test_covers_in_its_own_cell_and_for_a_file_in_all(self) -> None:
        cells = ["print(w.data)  # datalint: ignore[data-read]", "print(w.data)"]
        book = notebook(HEAD, markdown("# datalint: ignore-file[data-read]"), *cells)
        assert shown(book, "a.ipynb") == ["data-read 4:1"]
        book = notebook(HEAD, *cells, "%time 1\n# datalint: ignore-file[data-read]")
        assert shown(book, "a.ipynb") == []


def test_comments_that_cannot_be_told_from_strings_are_no_silence(
    datalint: Datalint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file is known that Python parses and `tokenize` refuses, but they are two programs."""

    def refuse(readline: object) -> None:
        raise tokenize.TokenError("odd", (3, 4))

    monkeypatch.setattr(tokenize, "generate_tokens", refuse)
    Path("a.py").write_text(read("# datalint: ignore[data-read]"))
    done = datalint("a.py", "--select", "all", "--output-format", "concise", "-q")
    told = "a.py:3:5: error[not-analysed] cannot be split into tokens: odd\n"
    assert (done.returncode, done.stdout) == (2, told)


class TestNumbers:
    def test_what_is_silenced_is_in_none(self, datalint: Datalint) -> None:
        text = HEAD + "w.data.zero_()  # datalint: ignore[data-write]\nw.data.zero_()\n"
        Path("a.py").write_text(text)
        assert datalint("a.py").stdout == (
            "1 file checked: 0 findings;"
            " 1 write through .data not shown to be harmful: --select all\n"
        )

    def test_a_comment_is_used_by_a_finding_that_is_not_sure_enough(
        self, datalint: Datalint
    ) -> None:
        text = (
            "import torch\ndef f(x: torch.Tensor):\n    y = x.sigmoid()\n"
            "    y.data.zero_()  # datalint: ignore[write-after-save]\n    return y\n"
        )
        Path("a.py").write_text(text.replace("datalint:", ""))
        assert "1 of medium confidence" in datalint("a.py", "--min-confidence", "high").stdout
        Path("a.py").write_text(text)
        done = datalint("a.py", "--min-confidence", "high")
        assert (done.returncode, done.stdout) == (0, "1 file checked: 0 findings\n")


class TestUnused:
    def test_the_report_shows_the_comment(self, datalint: Datalint) -> None:
        Path("a.py").write_text("x = 1  # noqa  # datalint: ignore[write-after-save] old  # c\n")
        done = datalint("a.py")
        assert done.returncode == 1
        assert done.stdout == (
            "warning[unused-suppression]: `write-after-save` is not reported here:"
            " this comment suppresses nothing\n"
            " --> a.py:1:16\n"
            "  |\n"
            "1 | x = 1  # noqa  # datalint: ignore[write-after-save] old  # c\n"
            "  |                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
            "  |\n"
            "  = help: take it out\n"
            "\n"
            "1 file checked: 1 finding; 1 can be fixed: --fix\n"
        )
        (entry,) = json.loads(datalint("a.py", "--output-format", "json").stdout)
        assert entry["fix"]["applicability"] == "safe"

    @pytest.mark.parametrize(
        ("comment", "message"),
        [
            ("ignore[data-write]", "`data-write` is not reported here: this comment suppresses"),
            (
                "ignore[data-write, data-read]",
                "`data-write` is not reported here: naming it suppresses nothing",
            ),
            (
                "ignore[data-write, blind-write]",
                "`data-write` and `blind-write` are not reported here: this comment suppresses",
            ),
            (
                "ignore[data-write, data-read, blind-write]",
                "`data-write` and `blind-write` are not reported here: naming them suppresses",
            ),
            ("ignore[data-raed]", "no rule is named 'data-raed'; did you mean 'data-read'?"),
            ("ignore[all]", "no rule is named 'all'; the names are write-after-save, "),
            ("ignore", "it names no rule in brackets, as `ignore[data-write]` does"),
            ("ignore-file", "it names no rule in brackets, as `ignore-file[data-write]` does"),
            ("ignore-file[data-read]", "`ignore-file` has to stand on a line of its own"),
            ("ignroe[data-read]", "no suppression is called 'ignroe'; did you mean 'ignore'?"),
        ],
    )
    def test_it_is_said_why(self, comment: str, message: str) -> None:
        told = [m for m in messages(read(f"# datalint: {comment}")) if "w.data" not in m]
        assert len(told) == 1
        assert message in told[0]

    def test_a_comment_above_is_told_where_to_go(self) -> None:
        text = f"{HEAD}# datalint: ignore[data-read]\nprint(w.data)\n"
        comment, _ = Linter(EVERY).lint(text.encode(), "a.py").findings
        assert comment.help.startswith("put it at the end of the line that is reported")

    def test_a_whole_file_is_judged_as_one(self) -> None:
        text = f"# datalint: ignore-file[data-read, data-write]\n{HEAD}print(w.data)\n"
        told = "`data-write` is not reported in this file: naming it suppresses nothing"
        assert messages(text) == [told]

    @pytest.mark.parametrize(
        ("selection", "places"),
        [
            (Selection(), []),
            (Selection(extend_select=("data-write",)), ["unused-suppression 3"]),
            (Selection(select=("data-write",)), []),
            (Selection(select=("all",), ignore=("data-write", "data-read")), []),
        ],
    )
    def test_only_rules_that_are_checked_are_judged(
        self, selection: Selection, places: list[str]
    ) -> None:
        assert shown(f"{HEAD}w.data # datalint: ignore[data-write]\n", selection=selection) == (
            places
        )

    @pytest.mark.parametrize(
        ("comment", "left"),
        [
            ("# datalint: ignore[data-write, unused-suppression]", []),
            ("# datalint: ignore[data-wriet, unused-suppression]", []),
            ("# datalint: ignore  # datalint: ignore[unused-suppression]", []),
            ("# datalint: ignore[unused-suppression]", ["unused-suppression 1"]),
            (
                "# datalint: ignore[unused-suppression, unused-suppression]",
                ["unused-suppression 1"],
            ),
        ],
    )
    def test_it_can_be_silenced_itself(self, comment: str, left: list[str]) -> None:
        assert shown(f"x = 1  {comment}\n") == left

    def test_it_is_silenced_in_its_own_line_only(self) -> None:
        text = "x = 1  # datalint: ignore[unused-suppression]\n# datalint: ignore[data-read]\n"
        assert shown(text) == ["unused-suppression 1", "unused-suppression 2"]

    def test_it_can_be_silenced_for_a_file(self) -> None:
        text = "# datalint: ignore-file[unused-suppression]\n"
        assert shown(f"x = 1  # datalint: ignore[data-read]\n{text}") == []
        assert shown(text) == ["unused-suppression 1"]

    @pytest.mark.parametrize(
        "source", [b"# datalint: ignore\nx = (\n", b"# datalint: ignore\n\xff\n", b"datalint: [\n"]
    )
    def test_files_without_data_that_are_no_python_are_left_alone(
        self, source: bytes, datalint: Datalint
    ) -> None:
        for name in ("a.py", "a.ipynb"):
            Path(name).write_bytes(source)
        done = datalint(".")
        assert (done.returncode, done.stdout) == (0, "2 files checked: 0 findings\n")

    def test_cells_without_data_are_looked_at(self) -> None:
        book = notebook("!ls", "%%bash\n# datalint: ignore", "x = 1  # datalint: ignore")
        assert shown(book, "a.ipynb") == ["unused-suppression 3:1"]
        assert shown(notebook("x = (", "# datalint: ignore"), "a.ipynb") == []

    def test_it_needs_no_analysis(self, tmp_path: Path) -> None:
        (tmp_path / "a.py").write_text("x = 1  # datalint: ignore[data-raed]\n")
        program = (
            "import sys\nfrom datalint.cli import main\n"
            "sys.argv = ['datalint', '--select', 'all', 'a.py']\n"
            "try: main()\nexcept SystemExit as ended: assert ended.code == 1\n"
            "assert not {'datalint.flow.interpret', 'torch'} & sys.modules.keys(), 'imported'"
        )
        command = [sys.executable, "-c", program]
        subprocess.run(command, cwd=tmp_path, env=clean_environment(), check=True, timeout=60)

    def test_files_without_a_comment_are_not_searched(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(suppression, "unsuppressed", None)
        assert shown(f"{HEAD}print(w.data)  # data lint: ignore[data-read]\n") == ["data-read 3"]


class TestItsFix:
    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("x = 1 \t # datalint: ignore[data-read] why\ny\n", "x = 1\ny\n"),
            ("x = 1  # datalint: ignore[data-read]", "x = 1"),
            ("x  # noqa  # datalint: ignore[data-read] why\n", "x  # noqa\n"),
            ("x  # datalint: ignore[data-read] why #12  # noqa\n", "x  # noqa\n"),
            ("x  # a  # datalint: ignore[data-read]  # b\n", "x  # a  # b\n"),
            ("x  # datalint: ignore[data-read]#noqa\n", "x  #noqa\n"),
            ("x\n  # datalint: ignore[data-read]\ny\n", "x\ny\n"),
            ("x\r\n# datalint: ignore[data-read]\r\ny\r\n", "x\r\ny\r\n"),
            ("# datalint: ignore-file[data-read]\nx\n", "x\n"),
            ("x\n# datalint: ignore[data-read]", "x"),
            ("# datalint: ignore[data-read]", ""),
            ("x  # datalint: ignore[data-read]  # datalint: ignore[data-write]\n", "x\n"),
            ("# datalint: ignore[data-read]  # noqa\n", "# noqa\n"),
            (
                f"{HEAD}w.data.sum()  # datalint: ignore[data-write , data-read, blind-write] a\n",
                f"{HEAD}w.data.sum()  # datalint: ignore[data-read] a\n",
            ),
            (
                "x  # datalint: ignore[data-raed, data-read, data-write]\n",
                "x  # datalint: ignore[data-raed]\n",
            ),
            ("x  # datalint: ignore[data-raed]\n", "x  # datalint: ignore[data-raed]\n"),
            ("x  # datalint: ignore\n", "x  # datalint: ignore\n"),
        ],
    )
    def test_takes_out_what_suppresses_nothing_and_no_more(
        self, before: str, after: str, datalint: Datalint
    ) -> None:
        Path("a.py").write_bytes(before.encode())
        datalint("a.py", "--select", "all", "--fix")
        assert Path("a.py").read_bytes() == after.encode()

    def test_takes_the_row_out_of_a_cell(self, datalint: Datalint) -> None:
        comment = "# datalint: ignore-file[data-read]"
        Path("a.ipynb").write_bytes(notebook(f"x = 1\n{comment}", f"{comment}\ny = 1", "z = 1"))
        assert datalint("a.ipynb", "--select", "all", "--fix").returncode == 0
        assert Path("a.ipynb").read_bytes() == notebook("x = 1", "y = 1", "z = 1")


def added(text: str, datalint: Datalint, *words: str, count: str = "1 suppression") -> str:
    """The file with the comments; the next run reports nothing."""
    Path("a.py").write_bytes(text.encode())
    done = datalint("--select", "all", *(words or ["--add-ignore"]), "a.py")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"added {count} in 1 file\n"
    assert datalint("--select", "all", "a.py").returncode == 0
    return Path("a.py").read_bytes().decode()


class TestAddIgnore:
    @pytest.mark.parametrize(
        ("row", "after"),
        [
            ("print(w.data)", "print(w.data)  # datalint: ignore[data-read]"),
            ("print(w.data)\t ", "print(w.data)  # datalint: ignore[data-read]\t "),
            ("print(w.data)  # noqa", "print(w.data)  # noqa  # datalint: ignore[data-read]"),
            (
                "w.data.zero_()  # datalint: ignore[unused-suppression, data-read] why  # noqa",
                "w.data.zero_()"
                "  # datalint: ignore[unused-suppression, data-read, data-write] why  # noqa",
            ),
            ("print(w \\\n  .data)", "print(w \\\n  .data)  # datalint: ignore[data-read]"),
            (
                "print(w.data); b = '''\n'''; c = [\n]",
                "print(w.data); b = '''\n'''; c = [\n]  # datalint: ignore[data-read]",
            ),
            ("print(\n  w.data,\n)", "print(\n  w.data,  # datalint: ignore[data-read]\n)"),
            (
                "print(f'''\n{w.data}\n''')",
                "print(f'''\n{w.data}\n''')  # datalint: ignore[data-read]",
            ),
            ("if w.data:\n\tpass", "if w.data:  # datalint: ignore[data-read]\n\tpass"),
            ("x = 1  # datalint: ignore[x]", "x = 1  # datalint: ignore[x, unused-suppression]"),
            (
                "x = 1  # datalint: ignore[]",
                "x = 1  # datalint: ignore[]  # datalint: ignore[unused-suppression]",
            ),
            (
                "# datalint: ignore-file[data-write]",
                "# datalint: ignore-file[data-write]  # datalint: ignore[unused-suppression]",
            ),
        ],
    )
    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    def test_writes_a_comment_where_one_can_stand(
        self, row: str, after: str, end: str, datalint: Datalint
    ) -> None:
        before = (HEAD + row).replace("\n", end)
        assert added(before, datalint) == (HEAD + after).replace("\n", end)

    def test_several_rules_of_a_row_are_one_comment(self, datalint: Datalint) -> None:
        text = added(
            f"{HEAD}print(w.data); w.data.zero_(); w.data.zero_()\nprint(w.data)\n",
            datalint,
            "--add-ignore=to be looked at",
            count="3 suppressions",
        )
        assert text == (
            f"{HEAD}print(w.data); w.data.zero_(); w.data.zero_()"
            "  # datalint: ignore[data-read, data-write] to be looked at\n"
            "print(w.data)  # datalint: ignore[data-read] to be looked at\n"
        )

    def test_each_row_has_its_own_comment(self, datalint: Datalint) -> None:
        comment = "# datalint: ignore[data-read]"
        text = f"{HEAD}print(w.data)  {comment}\nprint(w.data)"
        assert added(text, datalint) == f"{text}  {comment}"

    def test_a_file_is_left_as_it_is_where_a_comment_does_not_help(
        self, datalint: Datalint, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(suppression, "unsuppressed", lambda found, *rest: found)
        Path("a.py").write_text(f"{HEAD}print(w.data)\n")
        done = datalint("--select", "all", "--add-ignore", "a.py")
        assert (done.returncode, done.stdout) == (2, "added 0 suppressions in 0 files\n")
        assert "a comment does not silence the data-read in row 3" in done.stderr
        assert Path("a.py").read_text() == f"{HEAD}print(w.data)\n"

    def test_only_what_is_shown_is_silenced(self, datalint: Datalint) -> None:
        Path("a.py").write_text(f"{HEAD}print(w.data)\n")
        assert datalint("--add-ignore", "a.py").stdout == "added 0 suppressions in 0 files\n"
        assert Path("a.py").read_text() == f"{HEAD}print(w.data)\n"

    def test_encoding_and_bom_stay(self, datalint: Datalint) -> None:
        latin = f"# coding: latin-1\n{HEAD}print(w.data, 'é')\n".encode("latin-1")
        marked = b"\xef\xbb\xbf" + f"{HEAD}print(w.data, 'é')".encode()
        Path("a.py").write_bytes(latin)
        Path("b.py").write_bytes(marked)
        done = datalint("--select", "all", "--add-ignore=déjà vu", ".")
        assert done.stdout == "added 2 suppressions in 2 files\n"
        comment = "  # datalint: ignore[data-read] déjà vu"
        assert Path("a.py").read_bytes() == latin[:-1] + f"{comment}\n".encode("latin-1")
        assert Path("b.py").read_bytes() == marked + comment.encode()

    def test_cells_of_a_notebook(self, datalint: Datalint) -> None:
        cells = ["import torch\n%time w = torch.ones(3)\nprint(w.data);", "%%time\nprint(w.data)"]
        Path("a.ipynb").write_bytes(notebook("!ls", *cells))
        assert datalint("--select", "all", "--add-ignore", ".").returncode == 0
        comment = "  # datalint: ignore[data-read]"
        after = notebook("!ls", *(code(cell + comment) for cell in cells))
        assert Path("a.ipynb").read_bytes() == after
        assert datalint("--select", "all", ".").returncode == 0

    @pytest.mark.parametrize("command", ["!abc", "!echo None", "%x"])
    def test_a_magic_takes_no_comment_that_would_not_be_read(
        self, command: str, datalint: Datalint
    ) -> None:
        book = notebook(f"{HEAD}print(w.data); z = {command}")
        Path("a.ipynb").write_bytes(book)
        done = datalint("--select", "all", "--add-ignore", "a.ipynb")
        assert done.returncode == 2
        assert done.stderr == (
            "a.ipynb:1:1: error[not-fixed] no comment can stand in the line of the data-read in"
            " cell 1, row 3\n"
        )
        assert Path("a.ipynb").read_bytes() == book

    def test_what_cannot_be_written_or_read_is_named_and_the_rest_is_done(
        self, datalint: Datalint
    ) -> None:
        text = f"{HEAD}print(w.data)\n"
        Path("a.py").write_text(f"# coding: latin-1\n{text}")
        Path("b.py").write_text(text)
        Path("c.py").write_text("x.data = (\n")
        done = datalint("--select", "all", "--add-ignore=→", ".")
        assert (done.returncode, done.stdout) == (2, "added 1 suppression in 1 file\n")
        a, c = done.stderr.splitlines()
        assert a == "a.py:1:1: error[not-fixed] its encoding cannot write '→'"
        assert c.startswith("c.py:1:10: error[not-analysed] syntax error")
        assert Path("a.py").read_text() == f"# coding: latin-1\n{text}"
        assert Path("b.py").read_text().endswith("[data-read] →\n")

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (["-"], "--add-ignore writes files and cannot change standard input"),
            ([".", "--fix"], "--fix and --add-ignore contradict each other"),
            ([".", "--diff"], "--diff and --add-ignore contradict each other"),
            ([".", "--output-format", "json"], "--add-ignore prints no report: "),
            ([".", "-o", "out"], "--add-ignore prints no report: "),
            ([".", "--add-ignore=a\nb"], "has to be one line of plain text"),
            ([".", "--add-ignore=a\rb"], "has to be one line of plain text"),
            ([".", "--add-ignore=\x1b[1m"], "has to be one line of plain text"),
            ([".", "--add-ignore=\udcff"], "has to be one line of plain text"),
        ],
    )
    def test_what_cannot_be_meant_is_one_line(
        self, words: list[str], message: str, datalint: Datalint
    ) -> None:
        Path("a.py").write_text(f"{HEAD}print(w.data)\n")
        done = datalint("--select", "all", "--add-ignore", *words)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("datalint: error: ") and message in done.stderr
        assert done.stderr.count("\n") == 1
        assert Path("a.py").read_text() == f"{HEAD}print(w.data)\n"

    def test_quiet_says_nothing(self, datalint: Datalint) -> None:
        Path("a.py").write_text(f"{HEAD}print(w.data)\n")
        done = datalint("--select", "all", "--add-ignore", "-q", "a.py")
        assert (done.returncode, done.stdout) == (0, "")


#: Small ones, as each is read several times.
FIXTURES = sorted((ROOT / "fixtures").rglob("*.py"), key=lambda path: path.stat().st_size)[10:50]


@settings(max_examples=30)
@given(st.data())
def test_comments_go_in_and_out_again_without_a_trace(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(FIXTURES))
    text = path.read_text("utf-8")
    text = text.replace("\n", data.draw(st.sampled_from(["\n", "\r\n", " \t\n"])))
    text = data.draw(st.sampled_from(["", "\ufeff"])) + data.draw(
        st.sampled_from([text, text.rstrip()])
    )
    source, name = text.encode(), str(path)
    held = [source]
    silencer = Silencer(
        Linter(EVERY),
        lambda path, old, new: held.append(new),
        data.draw(st.sampled_from(["", "why", "see #12: é"])),
    )
    silencer.lint(source, name)
    assert bool(Linter(EVERY).lint(source, name).findings) is (silencer.added > 0)
    assert Linter(EVERY).lint(held[-1], name).findings == ()
    assert ast.dump(ast.parse(decode(held[-1]))) == ast.dump(ast.parse(decode(source)))

    fixer = Fixer(Linter(EVERY), lambda path, old, new: held.append(new))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(check, "check_source", lambda *given: [])
        assert fixer.lint(held[-1], name).findings == ()
    assert held[-1] == source

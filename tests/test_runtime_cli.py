"""`datalint run` as its user sees it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Datalint, Done

SEED = "fixtures/seed/sigmoid_output_is_zeroed.py"
WRONG = """\
import sys
import torch

print("begins", sys.argv[1:])
x = torch.tensor([1.0, 2.0], requires_grad=True)
y = x.exp()
z = y.data
z.zero_()
y.sum().backward()
print("ends")
"""
RIGHT = WRONG.replace("z.zero_()\n", "")


@pytest.fixture
def script(tmp_path: Path) -> Callable[..., str]:
    def write(text: str, name: str = "train.py") -> str:
        (tmp_path / name).write_text(text, "utf-8")
        return name

    return write


def test_the_seed_tells_the_whole_story_on_one_screen(datalint: Datalint, tmp_path: Path) -> None:
    shutil.copy(ROOT / SEED, tmp_path / "seed.py")
    done = datalint("run", "--trace", "seed.py")
    assert (done.returncode, done.stdout) == (1, "")
    assert "error[write-after-save]: the result that `SigmoidBackward0` had saved" in done.stderr
    assert "`datalint check` reports it as write-after-save" in done.stderr
    assert "--> seed.py:10:9" in done.stderr
    assert "the gradient of `x` [0, 0, 0], of norm 0" in done.stderr
    assert "meant to be [0.1966, 0.105, 0.04518], of norm 0.2274: off by 0.2274" in done.stderr
    assert done.stderr.endswith("\n1 silent corruption\n")
    assert len(done.stderr.splitlines()) <= 24


def test_the_program_hears_nothing_of_the_witness(
    datalint: Datalint, script: Callable[..., str]
) -> None:
    done = datalint("run", "--trace", script(RIGHT), "--lr", "-q", "3")
    assert (done.returncode, done.stdout) == (0, "begins ['--lr', '-q', '3']\nends\n")
    assert done.stderr == "no silent corruption\n"
    assert datalint("run", "-q", "train.py").stderr == ""


@pytest.mark.slow
def test_the_program_runs_again_only_if_something_was_changed(
    process: Datalint, script: Callable[..., str]
) -> None:
    log = "open('log', 'a').write('run\\n')\n"
    done = process("run", script(log + RIGHT))
    assert (done.returncode, open("log").read()) == (0, "run\n")  # noqa: PTH123, SIM115
    done = process("run", script(log + WRONG))
    assert (done.returncode, done.stdout) == (1, "begins []\nends\n")
    assert open("log").read() == "run\n" * 3  # noqa: PTH123, SIM115
    assert "running the program again to see where" in done.stderr
    assert "train.py:8:5" in done.stderr or "z.zero_()" in done.stderr


def test_once_is_once_and_says_what_is_known(
    datalint: Datalint, script: Callable[..., str]
) -> None:
    done = datalint("run", "--once", script("open('log', 'a').write('run\\n')\n" + WRONG))
    assert (done.returncode, open("log").read()) == (1, "run\n")  # noqa: PTH123, SIM115
    assert "saves its result here" in done.stderr and "written here" not in done.stderr
    assert "where it was written is not known" in done.stderr and "misses it" not in done.stderr


@pytest.mark.slow
def test_what_does_not_happen_again_is_told_as_far_as_it_is_known(
    process: Datalint, script: Callable[..., str]
) -> None:
    once = "import os\nif os.path.exists('been'): raise SystemExit(7)\nopen('been', 'w').close()\n"
    done = process("run", script(once + WRONG))
    assert done.returncode == 1
    assert "note: run again, it did not do all of it" in done.stderr
    assert "saves its result here" in done.stderr
    killed = "import os\nif os.path.exists('been2'): os._exit(9)\nopen('been2', 'w').close()\n"
    done = process("run", script(killed + WRONG))
    assert "note: run again, it ended with exit code 9" in done.stderr


def test_what_was_interrupted_is_not_run_again(
    datalint: Datalint, script: Callable[..., str]
) -> None:
    log = "open('log', 'a').write('run\\n')\n"
    done = datalint("run", script(log + WRONG + "raise KeyboardInterrupt\n"))
    assert (done.returncode, open("log").read()) == (1, "run\n")  # noqa: PTH123, SIM115
    assert "note: the program was interrupted: it is not run again" in done.stderr
    assert done.stderr.endswith("\n1 silent corruption\n")


def test_an_interrupt_of_the_second_run_leaves_what_the_first_saw(
    datalint: Datalint, script: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("datalint.runtime.passes.subprocess.run", interrupted)
    done = datalint("run", script(WRONG))
    assert done.returncode == 1 and "note: run again, it was interrupted" in done.stderr
    assert done.stderr.endswith("\n1 silent corruption\n")


def test_the_report_goes_where_standard_error_was(
    datalint: Datalint, script: Callable[..., str]
) -> None:
    done = datalint("run", "--trace", script(WRONG + "sys.stderr = open('log', 'w')\n"))
    assert done.returncode == 1 and done.stderr.endswith("\n1 silent corruption\n")


@pytest.mark.slow
def test_names_in_the_folder_are_not_taken_for_ours(datalint: Datalint, tmp_path: Path) -> None:
    (tmp_path / "datalint.py").write_text("raise SystemExit(8)\n")
    (tmp_path / "queue.py").write_text("raise SystemExit(8)\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "train.py").write_text(WRONG)
    done = datalint("run", "sub/train.py")
    assert done.returncode == 1 and "written here" in done.stderr


@pytest.mark.slow
def test_a_change_that_does_not_matter_is_none(
    process: Datalint, script: Callable[..., str]
) -> None:
    relu = WRONG.replace("exp", "relu").replace("zero_()", "mul_(0.5)")
    done = process("run", script(relu))
    assert (done.returncode, done.stderr.splitlines()[-1]) == (0, "no silent corruption")


def test_exceptions_and_exit_codes_are_the_programs(
    datalint: Datalint, script: Callable[..., str]
) -> None:
    done = datalint("run", "-q", script("def f():\n    raise KeyError('lost')\nf()\n"))
    assert done.returncode == 1
    first, *_, last = done.stderr.splitlines()
    assert (first, last) == ("Traceback (most recent call last):", "KeyError: 'lost'")
    assert "datalint" not in done.stderr and 'train.py", line 3, in <module>' in done.stderr
    assert datalint("run", "-q", script("raise SystemExit(5)")).returncode == 5
    assert datalint("run", "-q", script("import sys; sys.exit()")).returncode == 0
    done = datalint("run", "-q", script("import sys; sys.exit('no data')"))
    assert (done.returncode, done.stderr) == (1, "no data\n")
    done = datalint("run", "-q", script("raise KeyboardInterrupt"))
    assert (done.returncode, done.stderr.splitlines()[-1]) == (130, "KeyboardInterrupt")
    assert "datalint" not in done.stderr


def test_what_torch_raises_is_raised(datalint: Datalint, script: Callable[..., str]) -> None:
    done = datalint("run", script(WRONG.replace("y.data", "y.detach()")))
    assert done.returncode == 1 and "modified by an inplace operation" in done.stderr
    assert done.stderr.endswith("no silent corruption\n")


def test_a_corruption_is_1_unless_that_is_waived(
    datalint: Datalint, script: Callable[..., str]
) -> None:
    name = script(WRONG + "sys.exit(3)\n")
    assert datalint("run", "--trace", name).returncode == 1
    assert datalint("run", "--trace", "--exit-zero", name).returncode == 3


def test_a_module_and_functions_of_it(datalint: Datalint, tmp_path: Path) -> None:
    package = tmp_path / "pkg"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text("from pkg import train\nprint(__name__, __package__)\n")
    (package / "train.py").write_text("import sys\ndef main():\n    print('main', sys.argv)\n")
    assert datalint("run", "-q", "-m", "pkg").stdout == "__main__ pkg\n"
    done = datalint("run", "-q", "-m", "--call", "main", "pkg.train", "--lr", "3")
    assert done.stdout.startswith("main [") and done.stdout.endswith("train.py', '--lr', '3']\n")


def test_a_program_is_found_where_python_finds_it(datalint: Datalint, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "beside.py").write_text("value = 4\n")
    (tmp_path / "sub" / "main.py").write_text(
        "import beside, __main__, os\nprint(beside.value, __main__.__file__ == __file__)\n"
        "print(__builtins__.__name__, __loader__.get_filename() == __file__)\n"
        "os.chdir('/')\n"
    )
    assert datalint("run", "-q", "sub/main.py").stdout == "4 True\nbuiltins True\n"
    assert Path.cwd() == tmp_path


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["missing.py"], "missing.py: No such file or directory"),
        (["."], ". is a folder: name a script, or a module with -m"),
        (["-m", "no_such_module"], "no module no_such_module can be run"),
        (["-m", "no.such"], "no module no.such can be run"),
        (["--call", "absent", "ok.py"], "--call: ok.py has no function absent"),
        (["broken.py"], "broken.py: "),
        (["-m", "broken"], "broken: "),
        (["--trace", "--once", "ok.py"], "leave out --once"),
        ([], "Missing argument 'SCRIPT'"),
    ],
)
def test_what_cannot_be_run_is_one_clear_line(
    words: list[str], told: str, datalint: Datalint, script: Callable[..., str]
) -> None:
    script("pass\n", "ok.py")
    script("def f(:\n", "broken.py")
    done = datalint("run", *words)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("datalint: error: ") and told in line


def traced(datalint: Datalint, form: str, name: str, *words: str) -> Done:
    return datalint("run", "--trace", "--output-format", form, "-o", "report", *words, name)


def test_every_format_says_it(datalint: Datalint, script: Callable[..., str]) -> None:
    name = script(WRONG)
    for form in ("text", "concise", "json", "sarif", "github", "gitlab", "junit"):
        assert traced(datalint, form, name).returncode == 1
        with open("report", encoding="utf-8") as file:  # noqa: PTH123
            assert "ExpBackward0" in file.read()


def test_its_json_can_be_compared_with_that_of_the_linter(
    datalint: Datalint, script: Callable[..., str]
) -> None:
    numpy = "import numpy as np\nv = x.sigmoid()\na = v.detach().numpy()\na[:] = 0\n"
    fused = "w = (x * 1).exp()\nk = torch.kron(w.detach(), x)\n"
    name = script(WRONG + numpy + "v.sum().backward()\n" + fused)
    traced(datalint, "json", name)
    shutil.move("report", "run.json")
    datalint("check", "--select", "all", "--output-format", "json", "-o", "check.json", name)
    with open("run.json", encoding="utf-8") as run:  # noqa: PTH123
        entries = [(e["rule"], e["location"]["row"]) for e in json.load(run)]
    assert entries == [("write-after-save", 7), ("blind-write", 13)]
    done = datalint("compare", "check.json", "run.json")
    assert done.returncode == 0
    assert "confirmed" in done.stdout and "2 confirmed, 0 missed, 0 not confirmed" in done.stdout


def test_what_the_linter_misses_is_told_and_compared(
    datalint: Datalint, script: Callable[..., str]
) -> None:
    kron = "import torch\nh = torch.ones(2)\nw = torch.ones(2, requires_grad=True)\n"
    name = script(kron + "k = torch.kron(h, w)\nh.add_(1)\nk.sum().backward()\n")
    assert "`datalint check` misses it" in datalint("run", "--trace", name).stderr
    traced(datalint, "json", name)
    datalint("check", "--output-format", "json", "-o", "check.json", name)
    done = datalint("compare", "check.json", "report")
    assert done.returncode == 1 and "train.py:5: missed by the linter" in done.stdout


def test_columns_are_characters(datalint: Datalint, script: Callable[..., str]) -> None:
    name = script(WRONG.replace("y = x.exp()", "é = 'é'; y = x.exp()"))
    err = datalint("run", "--trace", name).stderr
    assert "\n6 | é = 'é'; y = x.exp()\n  |              -------" in err

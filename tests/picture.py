"""The picture in the README: `python -m tests.picture` draws it from a run of the program."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parent.parent
PICTURE = ROOT / ".github" / "report.svg"
WIDTH = 138
#: No font from elsewhere: a page that shows the picture may not load one.
FORMAT = """\
<svg viewBox="0 0 {terminal_width} {terminal_height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font: {char_height}px monospace; line-height: {line_height}px }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
<rect fill="#292929" width="{terminal_width}" height="{terminal_height}" rx="8"/>
<g transform="translate(12, 8)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def program() -> str:
    """The first program in the README."""
    found = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    assert found
    return found[1]


def drawn() -> str:
    """The command and what it prints for the README's program, as an SVG."""
    with TemporaryDirectory() as folder:
        Path(folder, "train.py").write_text(program(), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "datalint", "train.py", "--color", "always", "--isolated"],
            cwd=folder,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
    console = Console(record=True, file=io.StringIO(), width=WIDTH, legacy_windows=False)
    console.print(Text("$ datalint train.py"))
    console.print(Text.from_ansi(done.stdout))
    return console.export_svg(code_format=FORMAT, unique_id="report")


if __name__ == "__main__":
    PICTURE.write_text(drawn(), encoding="utf-8")

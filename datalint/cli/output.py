"""What reaches the user: reports, notes, errors, and whether they are in color."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from datalint.report.screen import visible

if TYPE_CHECKING:
    from datalint.report import Problem


def wants_color(choice: str, output_file: str | None, *, err: bool = False) -> bool:
    """Whether a report is to be in color, as the user says or as the terminal does.

    Without a file it goes to standard output, or with `err` to standard error.
    """
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    # A program that was started without a standard output has None in its place.
    stream = sys.stderr if err else sys.stdout
    return output_file is None and stream is not None and stream.isatty()


def write(text: str, output_file: str | None = None, *, err: bool = False) -> None:
    """Write to a file, or else to standard output or error; raises `OSError`."""
    stream = sys.stderr if err else sys.stdout
    if output_file is not None:
        with open(output_file, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    elif stream is not None:
        # Not `click.echo`, which sends UTF-8 to a terminal that says it knows only ASCII.
        stream.write(text)
        stream.flush()


def write_bytes(content: bytes, output_file: str | None = None) -> None:
    """The same for what is to stay as it is, byte for byte, unless a terminal shows it."""
    if output_file is not None:
        with open(output_file, "wb") as file:
            file.write(content)
    elif sys.stdout is not None and sys.stdout.isatty():
        lines = content.decode("utf-8", "backslashreplace").split("\n")
        write("\n".join(map(visible, lines)))
    elif sys.stdout is not None:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.flush()


def show_below_log(text: str) -> None:
    """Add Markdown to what GitHub shows of a step, if this is one; raises `OSError`."""
    if path := os.environ.get("GITHUB_STEP_SUMMARY"):
        with open(path, "a", encoding="utf-8", newline="\n") as summary:
            summary.write(text)


def note(text: str) -> None:
    """Tell what the user may not have meant."""
    click.echo(f"datalint: note: {visible(text)}", err=True)


def say(path: str, what: str) -> None:
    """Tell what became of a file."""
    click.echo(f"{visible(path)}: {what}", err=True)


def complain(text: str) -> None:
    """Tell on standard error what standard output has no place for."""
    click.echo(visible(text), err=True)


def complain_of(problems: tuple[Problem, ...]) -> None:
    """The same for files that were not analysed or not fixed, a line each."""
    from datalint.report import Report, concise

    for line in concise.lines(Report(problems=problems)):
        complain(line)


def fail(text: str) -> int:
    """Tell what is wrong, in one line; the exit code."""
    click.echo(f"datalint: error: {visible(' '.join(text.split()))}", err=True)
    return 2

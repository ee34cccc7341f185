"""`datalint compare`: what the linter found, beside what a run of the program showed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from datalint.cli.output import write
from datalint.report.screen import visible

#: File, row and rule.
_Key = tuple[str, int, str]


@click.command()
@click.argument("checked", metavar="CHECK.json")
@click.argument("ran", metavar="RUN.json")
def compare(checked: str, ran: str) -> int:
    """Compare the findings of the linter with those of a run.

    CHECK.json and RUN.json are what `datalint check` and `datalint run` write with --output-format
    json. The exit code is 1 if the run showed something that the linter missed.
    """
    found, shown = _read(checked), _read(ran)
    lines = [
        *_lines("confirmed by the run", found & shown),
        *_lines("missed by the linter", shown - found),
        *_lines("not confirmed: no run of it was wrong", found - shown),
    ]
    lines.append(
        f"{len(found & shown)} confirmed, {len(shown - found)} missed,"
        f" {len(found - shown)} not confirmed"
    )
    write("".join(f"{line}\n" for line in lines))
    return int(bool(shown - found))


def _lines(what: str, keys: set[_Key]) -> list[str]:
    return [f"{visible(path)}:{row}: {what}: {rule}" for path, row, rule in sorted(keys)]


def _read(file: str) -> set[_Key]:
    """The findings of a report; raises `click.UsageError` where it is none, `OSError`."""
    import json  # which checking mostly does without

    try:
        entries: list[dict[str, Any]] = json.loads(Path(file).read_text("utf-8"))
        keys = {(e["filename"], e["location"]["row"], e["rule"]) for e in entries}
    except (ValueError, KeyError, TypeError):
        raise click.UsageError(f"{file} is no report made with --output-format json") from None
    return {key for key in keys if not key[2].startswith("not-")}

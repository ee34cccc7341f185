"""`datalint run`: a program under the witness, then what it did to its gradients."""

from __future__ import annotations

import importlib.util

import click

from datalint.cli.output import complain, note, show_below_log, wants_color, write
from datalint.report import REPORTERS, Look, step_summary
from datalint.report.summary import count


@click.command(context_settings={"allow_interspersed_args": False})
@click.argument("program", metavar="SCRIPT")
@click.argument("arguments", nargs=-1, metavar="[ARGS]...", type=click.UNPROCESSED)
@click.option("-m", "module", is_flag=True, help="SCRIPT is the name of a module.")
@click.option(
    "--call",
    "calls",
    multiple=True,
    metavar="FUNCTION",
    help="Call this function of the program, without arguments, when it has been read.",
)
@click.option(
    "--trace",
    is_flag=True,
    help="Follow every write from the start, rather than run a program that corrupts a gradient"
    " a second time to see where it does.",
)
@click.option(
    "--once",
    is_flag=True,
    help="Never run the program a second time, though where it writes is not known then.",
)
@click.option(
    "--output-format",
    type=click.Choice(list(REPORTERS)),
    default="text",
    show_default=True,
    help="How corruptions are written.",
)
@click.option(
    "-o",
    "--output-file",
    type=click.Path(dir_okay=False),
    help="Write the report to this file, and not to standard error.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing where nothing was corrupted.")
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    help="`auto`, the default, is color on a terminal; it heeds NO_COLOR and FORCE_COLOR.",
)
@click.option("--exit-zero", is_flag=True, help="Exit as the program does, whatever was found.")
@click.option("--record", hidden=True, type=click.Path(dir_okay=False))
def run(
    program: str,
    arguments: tuple[str, ...],
    module: bool,
    calls: tuple[str, ...],
    trace: bool,
    once: bool,
    output_format: str,
    output_file: str | None,
    quiet: bool,
    color: str,
    exit_zero: bool,
    record: str | None,
) -> int:
    """Run a program and report every gradient that it silently made wrong.

    The program runs as it does under Python, and exits as it does unless something was found: then
    the exit code is 1. The report goes to standard error, as standard output is the program's.
    """
    if trace and once:
        raise click.UsageError("--trace runs the program once as it is: leave out --once")
    _require_torch()
    from datalint.runtime.findings import Findings
    from datalint.runtime.passes import first, second
    from datalint.runtime.program import Program

    asked = Program(program, arguments, module, calls)
    watched = first(asked, trace=trace)
    if record is not None:
        watched.record(record)
        return watched.code
    if watched.corruptions and not trace and not once:
        note("what autograd had saved was changed: running the program again to see where")
        watched = second(asked, watched)
    if watched.doubt:
        note(watched.doubt)
    corruptions = watched.corruptions
    if corruptions or not quiet:
        findings = Findings()
        report = findings.report(corruptions)
        look = Look(wants_color(color, output_file, err=True), summary=False)
        text = REPORTERS[output_format](report, findings.sources, look)
        for corruption in findings.unplaced:
            complain(str(corruption))
        number = len(report.findings) + len(findings.unplaced)
        write(text + _summary(output_format, number), output_file, err=True)
        if output_format == "github":
            show_below_log(step_summary.render(report))
    return 1 if corruptions and not exit_zero else watched.code


def _summary(output_format: str, number: int) -> str:
    """The last line, where people read it."""
    if output_format not in ("text", "concise", "github"):
        return ""
    if not number:
        return "no silent corruption\n"
    return f"\n{count(number, 'silent corruption')}\n"


def _require_torch() -> None:
    if importlib.util.find_spec("torch") is None:
        raise click.ClickException(
            "watching a program needs torch: pip install 'torch-datalint[run]'"
        )

"""The group of commands, and what becomes of errors and interrupts."""

from __future__ import annotations

import io
import os
import sys
from importlib import import_module
from typing import NoReturn

import click

from datalint import __version__
from datalint.cli.output import fail
from datalint.refusal import Refusal
from datalint.source.near import nearest

#: Each is a module of its own, which is imported when the command is run.
COMMANDS = ("check", "compare", "explain", "lsp", "run")
#: What a shell reports for a program that was interrupted, or whose reader went away.
_INTERRUPTED, _PIPE_CLOSED = 130, 141


class _CheckByDefault(click.Group):
    """`datalint PATH` is `datalint check PATH`: a first word that is no command is a path."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return command(cmd_name) if cmd_name in COMMANDS else None

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        first = args[0] if args else ""
        if first not in (*COMMANDS, *ctx.help_option_names, "--version"):
            options = {name for option in command("check").params for name in option.opts}
            is_right = first.partition("=")[0] in options or os.path.exists(first)
            near = None if is_right else nearest(first, COMMANDS)
            if near:
                raise click.UsageError(f"no such command or path: {first}; did you mean {near}?")
            args = ["check", *args]
        return super().parse_args(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_options(ctx, formatter)
        check = command("check")
        options = [option for option in check.params if isinstance(option, click.Option)]
        with formatter.section("Options of check"):
            formatter.write_dl([record for o in options if (record := o.get_help_record(ctx))])


def command(name: str) -> click.Command:
    """One of the commands."""
    found: click.Command = getattr(import_module(f"datalint.cli.{name}"), name)
    return found


@click.group(
    cls=_CheckByDefault,
    context_settings={"help_option_names": ["-h", "--help"]},
    subcommand_metavar="[check] PATH...",
    epilog="Exit code: 0 for nothing found, 1 for findings, 2 where a file could not be analysed"
    " or the command line or the configuration is wrong.",
)
@click.version_option(__version__, prog_name="datalint", message="%(prog)s %(version)s")
def cli() -> None:
    """Find writes through PyTorch's `.data` that make gradients silently wrong."""


def _run(args: list[str]) -> int:
    """Not `cli.main`, which has its own mind about interrupts, closed pipes and error output."""
    try:
        with cli.make_context("datalint", args) as ctx:
            code: int = cli.invoke(ctx)
            return code
    except click.exceptions.Exit as done:  # --help, --version
        return done.exit_code
    except click.ClickException as error:
        return fail(error.format_message())
    except Refusal as error:
        return fail(str(error))
    except BrokenPipeError:
        # What the interpreter still tries to flush at its end must go somewhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED
    except OSError as error:
        return fail(f"{error.filename or 'standard output'}: {error.strerror}")
    except KeyboardInterrupt:
        return _INTERRUPTED


def main() -> NoReturn:
    """The `datalint` command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A report must survive a terminal that lacks its letters, and names that are no text.
            stream.reconfigure(errors="backslashreplace")
    sys.exit(_run(sys.argv[1:]))

"""`datalint lsp`: the language server, which editors start."""

from __future__ import annotations

import sys
from typing import NoReturn

import click

from datalint.cli.output import note


@click.command()
def lsp() -> NoReturn:
    """Serve an editor over standard input and output.

    It speaks the Language Server Protocol, and ends when the editor says so.
    """
    try:
        from datalint.lsp.serve import serve
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith(("pygls", "lsprotocol")):
            raise
        raise click.ClickException(
            "the language server needs pygls 2: pip install 'torch-datalint[lsp]'"
        ) from None
    if sys.stdin is None or sys.stdout is None:
        raise click.UsageError("there is no standard input or output to serve an editor over")
    if sys.stdin.isatty():
        note("an editor is meant to start this, and to speak to it over standard input")
    serve(sys.stdin.buffer, sys.stdout.buffer)

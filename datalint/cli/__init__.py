"""The command line: words into calls, results into output and an exit code."""

from datalint.cli.main import main

__all__ = ["main"]

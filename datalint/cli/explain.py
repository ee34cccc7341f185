"""`datalint explain`: the rules' pages."""

from __future__ import annotations

import click

from datalint.cli.output import write
from datalint.selection import explain_rules


@click.command()
@click.argument("rules", nargs=-1, metavar="RULE")
@click.option("--all", "all_rules", is_flag=True, help="Every rule's page.")
def explain(rules: tuple[str, ...], all_rules: bool) -> int:
    """Print the page of a rule.

    It says what the rule reports, why that is wrong, and what to write instead.
    """
    if bool(rules) is all_rules:
        raise click.UsageError("name a rule, or --all, and not both")
    write(explain_rules(("all",) if all_rules else rules))
    return 0

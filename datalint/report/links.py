"""Where the project lives on the web, and in it the page of a rule."""

from __future__ import annotations

#: The same as in `pyproject.toml`.
HOME = "https://github.com/torch-datalint/datalint"


def page_url(rule: str) -> str:
    """The address of a rule's page: the module that is named like it."""
    return f"{HOME}/blob/main/datalint/rules/{rule.replace('-', '_')}.py"

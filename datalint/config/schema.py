"""The JSON Schema of `[tool.datalint]`: `python -m datalint.config.schema` prints it."""

from __future__ import annotations

import json

from datalint.config.forms import Section
from datalint.config.keys import KEYS


def schema() -> str:
    """The schema, as it is kept in `schema.json` beside this file."""
    whole = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "https://json.schemastore.org/partial-datalint.json",
        "title": "datalint",
        "description": "The table [tool.datalint] of pyproject.toml.",
        **Section(KEYS).schema(),
    }
    return json.dumps(whole, indent=2) + "\n"


if __name__ == "__main__":
    print(schema(), end="")

"""Notebooks made by hand: cells of Python in order, whatever else is in them left out."""

from __future__ import annotations

import json
from typing import Any


def notebook(*cells: str | dict[str, Any], language: str = "python", **more: Any) -> bytes:
    """The file with these cells; a string is a cell of code, written as Jupyter writes it."""
    content = {
        "cells": [code(cell) if isinstance(cell, str) else cell for cell in cells],
        "metadata": {"language_info": {"name": language}},
        "nbformat": 4,
        "nbformat_minor": 5,
        **more,
    }
    return json.dumps(content, indent=1).encode()


def code(text: str, **more: Any) -> dict[str, Any]:
    """A cell of code."""
    source = text.splitlines(keepends=True)
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], **more}


def markdown(text: str) -> dict[str, Any]:
    """A cell of text."""
    return {"cell_type": "markdown", "metadata": {}, "source": [text]}

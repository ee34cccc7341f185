"""Makes a program smaller for as long as what is wrong with it stays wrong."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.random_programs.model import Block, Line, Program, Statement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Statements = tuple[Statement, ...]


def reduced(program: Program, still: Callable[[Program], bool]) -> Program:
    """A program none of whose statements can be left out without `still` being false."""
    smaller = True
    while smaller:
        smaller = False
        for at in range(_size(program) - 1, -1, -1):
            for candidate in _variants(program, at):
                if candidate != program and still(candidate):
                    program, smaller = candidate, True
                    break
    return program


def _size(program: Program) -> int:
    return sum(1 for _ in _walk((*program.helpers, *program.body)))


def _walk(statements: Statements) -> Iterator[Statement]:
    for statement in statements:
        yield statement
        if isinstance(statement, Block):
            yield from _walk(statement.body)


def _variants(program: Program, at: int) -> Iterator[Program]:
    """The programs in which statement `at`, in the order of `_walk`, is less than it was."""
    statements = list(_walk((*program.helpers, *program.body)))
    if at >= len(statements):
        return
    for instead in _less(statements[at]):
        yield _replaced(program, at, instead)


def _text(statement: Statement) -> str:
    return statement.head if isinstance(statement, Block) else statement.text


def _less(statement: Statement) -> Iterator[Statements]:
    if not _text(statement).startswith("return {k: t.grad") and "+= 1" not in _text(statement):
        yield ()  # without the count, a `while` would not end
    if isinstance(statement, Block):
        yield statement.body
    elif isinstance(statement, Line):
        yield from ((Line(text),) for text in _shorter(statement.text))


def _shorter(text: str) -> Iterator[str]:
    """A loss without one of its terms, a result without one of its gradients."""
    if text.startswith("loss = "):
        terms = text.removeprefix("loss = ").split(" + ")
        for n in range(len(terms)):
            if len(terms) > 1:
                yield "loss = " + " + ".join(terms[:n] + terms[n + 1 :])
    if text.startswith("return {k: t.grad"):
        for entry in re.findall(r"'[^']*': [^,}]*,? ?", text):
            yield text.replace(entry, "")


def _replaced(program: Program, at: int, instead: Statements) -> Program:
    numbers = itertools.count()

    def rebuilt(statements: Statements) -> Statements:
        made: list[Statement] = []
        for statement in statements:
            if next(numbers) == at:
                made += instead
            elif isinstance(statement, Block):
                body = rebuilt(statement.body)
                made += (Block(statement.head, body),) if body else ()
            else:
                made.append(statement)
        return tuple(made)

    helpers, body = rebuilt(program.helpers), rebuilt(program.body)
    flag = program.flag and any("flag" in _text(statement) for statement in _walk(body))
    return replace(program, helpers=helpers, body=body, flag=flag)

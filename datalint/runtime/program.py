"""Runs somebody's program as Python would: a script or a module, with its own arguments."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING

from datalint.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from importlib.machinery import ModuleSpec
    from types import CodeType

_INTERRUPTED = 130


class BadProgram(Refusal):
    """There is no such program."""


@dataclass(frozen=True, slots=True)
class Program:
    """A script, or a module as `python -m` runs it, and what it is to be told."""

    name: str
    arguments: tuple[str, ...] = ()
    module: bool = False
    #: Functions without arguments to call when it has been read.
    calls: tuple[str, ...] = ()

    def words(self) -> list[str]:
        """What `datalint run` is told to run it."""
        calls = [word for name in self.calls for word in ("--call", name)]
        return [*(["-m"] if self.module else []), *calls, "--", self.name, *self.arguments]

    def run(self) -> int:
        """Run it as `__main__`; its exit code. Its traceback is printed; raises `BadProgram`."""
        code, path, spec = _module(self.name) if self.module else (*_script(self.name), None)
        main = ModuleType("__main__")
        main.__dict__.update(__file__=path, __builtins__=__builtins__, __spec__=spec)
        main.__package__ = None if spec is None else spec.parent
        first = str(Path.cwd()) if self.module else str(Path(path).resolve().parent)
        called = path if self.module else self.name
        with _in_place(main, [called, *self.arguments], first):
            try:
                exec(code, main.__dict__)
                for name in self.calls:
                    _function(main, name, self.name)()
            except SystemExit as done:
                return _exit_code(done)
            except KeyboardInterrupt:
                return _INTERRUPTED
            except BadProgram:
                raise
            except BaseException as error:
                error = _without_us(error)
                sys.excepthook(type(error), error, error.__traceback__)
                return 1
            finally:
                _flush()
        return 0


def _function(main: ModuleType, name: str, program: str) -> Callable[[], object]:
    function = main.__dict__.get(name)
    if not callable(function):
        raise BadProgram(f"--call: {program} has no function {name}")
    called: Callable[[], object] = function
    return called


def _script(name: str) -> tuple[CodeType, str]:
    path = Path(name)
    if path.is_dir():
        raise BadProgram(f"{name} is a folder: name a script, or a module with -m")
    try:
        source = path.read_bytes()
    except OSError as error:
        raise BadProgram(f"{name}: {error.strerror}") from None
    try:
        absolute = str(path.absolute())
        return compile(source, absolute, "exec", dont_inherit=True), absolute
    except (SyntaxError, ValueError) as error:
        raise BadProgram(f"{name}: {error}") from None


def _module(name: str) -> tuple[CodeType, str, ModuleSpec]:
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.submodule_search_locations is not None:
            spec = importlib.util.find_spec(f"{name}.__main__")
    except (ImportError, ValueError) as error:
        raise BadProgram(f"no module {name} can be run: {error}") from None
    finally:
        sys.path.remove(here)
    code = None
    if spec is not None and (get_code := getattr(spec.loader, "get_code", None)) is not None:
        code = get_code(spec.name)
    if spec is None or code is None or spec.origin is None:
        raise BadProgram(f"no module {name} can be run: there is none, or it is not in Python")
    return code, spec.origin, spec


@contextlib.contextmanager
def _in_place(main: ModuleType, argv: list[str], first: str) -> Iterator[None]:
    """What a program finds around it, while it runs."""
    before = sys.modules["__main__"], sys.argv, sys.path[:]
    here = Path.cwd()
    sys.modules["__main__"], sys.argv = main, argv
    sys.path.insert(0, first)
    try:
        yield
    finally:
        sys.modules["__main__"], sys.argv, sys.path[:] = before
        os.chdir(here)


def _exit_code(done: SystemExit) -> int:
    if done.code is None or isinstance(done.code, int):
        return done.code or 0
    print(done.code, file=sys.stderr)
    return 1


def _without_us(error: BaseException) -> BaseException:
    """The exception with the frames of its traceback that are not this package's."""
    ours = str(Path(__file__).parent) + os.sep
    steps = []
    trace = error.__traceback__
    while trace is not None:
        if not trace.tb_frame.f_code.co_filename.startswith(ours):
            steps.append(trace)
        trace = trace.tb_next
    rest: TracebackType | None = None
    for step in reversed(steps):
        rest = TracebackType(rest, step.tb_frame, step.tb_lasti, step.tb_lineno)
    return error.with_traceback(rest)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            with contextlib.suppress(ValueError, io.UnsupportedOperation):
                stream.flush()

"""What was asked of a disk while one file was judged, and whether the answers are still the same.

Nothing is concluded from times and sizes: each question is put again. A file that was read is read
again, which takes a small part of the time that it took to judge it.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from datalint.source.disk import Answer, Disk

if TYPE_CHECKING:
    from collections.abc import Iterable

#: By question and answer, the absolute paths of which it was asked.
Record = dict[str, dict[str, list[str]]]


class Recorder(Disk):
    """A run's disk, as what one file asks of it."""

    def __init__(self, disk: Disk) -> None:
        super().__init__()
        self._disk = disk
        #: The questions so far.
        self.asked: dict[tuple[str, Path], None] = {}

    def ask(self, question: str, path: Path) -> Answer:
        """What the run's disk answers; that it was asked is kept."""
        self.asked[question, path] = None
        return self._disk.ask(question, path)


class Answers:
    """A disk's answers as words: for one run, as long as it stays with what it once answered."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._words: dict[tuple[str, str], str] = {}

    def record(self, asked: Iterable[tuple[str, Path]]) -> Record:
        """What is answered to these questions."""
        found: Record = {}
        for question, path in asked:
            answer = self._word(question, str(path))
            found.setdefault(question, {}).setdefault(answer, []).append(str(path))
        return found

    def still_hold(self, record: Record) -> bool:
        """Whether the same questions are answered in the same way."""
        try:
            return all(
                self._word(question, path) == answer
                for question, by_answer in record.items()
                for answer, paths in by_answer.items()
                for path in paths
            )
        except OSError:  # a folder that may not be looked into any more
            return False

    def _word(self, question: str, path: str) -> str:
        asked = question, path
        if asked not in self._words:
            self._words[asked] = _word(self._disk.ask(question, Path(path)))
        return self._words[asked]


def digest(content: bytes) -> str:
    """What stands for the content of a file."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def _word(answer: Answer) -> str:
    return digest(answer) if isinstance(answer, bytes) else str(answer)

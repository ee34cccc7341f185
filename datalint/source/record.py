"""What was asked of a disk while one file was judged, and whether the answers are still the same.

Nothing is concluded from times and sizes: each question is put again. A file that was read is read
again, which takes a small part of the time that it took to judge it.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from datalint.source.disk import Answer, Disk

if TYPE_CHECKING:
    from collections.abc import Iterable

#: By question, answer and folder, the names in it of which it was asked.
Record = dict[str, dict[str, dict[str, list[str]]]]


class Recorder(Disk):
    """A run's disk, as what one file asks of it."""

    def __init__(self, disk: Disk) -> None:
        super().__init__()
        self._disk = disk
        #: The questions so far.
        self.asked: dict[tuple[str, str], None] = {}

    def ask(self, question: str, path: str) -> Answer:
        """What the run's disk answers; that it was asked is kept."""
        self.asked[question, path] = None
        return self._disk.ask(question, path)


class Answers:
    """A disk's answers as words: for one run, as long as it stays with what it once answered."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        #: By question and folder, the answers of which a word was made already.
        self._known: dict[tuple[str, str], dict[str, str]] = {}

    def record(self, asked: Iterable[tuple[str, str]]) -> Record:
        """What is answered to these questions."""
        found: Record = {}
        for question, path in asked:
            folder, name = os.path.split(path)
            answer = self._word(question, folder, name)
            found.setdefault(question, {}).setdefault(answer, {}).setdefault(folder, []).append(
                name
            )
        return found

    def still_hold(self, record: Record) -> bool:
        """Whether the same questions are answered in the same way."""
        return all(
            self._all_are(answer, question, folder, names)
            for question, by_answer in record.items()
            for answer, by_folder in by_answer.items()
            for folder, names in by_folder.items()
        )

    def _all_are(self, answer: str, question: str, folder: str, names: list[str]) -> bool:
        # Files of a project ask much the same: most of it is known from the one before.
        known = self._known.get((question, folder), {})
        return all(
            (known.get(name) or self._word(question, folder, name)) == answer for name in names
        )

    def _word(self, question: str, folder: str, name: str) -> str:
        known = self._known.setdefault((question, folder), {})
        if name not in known:
            known[name] = _word(self._disk.ask(question, os.path.join(folder, name)))
        return known[name]


def digest(content: bytes) -> str:
    """What stands for the content of a file."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def _word(answer: Answer) -> str:
    return digest(answer) if isinstance(answer, bytes) else str(answer)

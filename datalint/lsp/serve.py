"""One client served, over two streams."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, BinaryIO

from datalint.lsp.features import FEATURES, OPTIONS
from datalint.lsp.server import Server

if TYPE_CHECKING:
    from typing import NoReturn


def serve(stdin: BinaryIO, stdout: BinaryIO) -> NoReturn:
    """Serve one client until it says that it is enough, and end the process."""
    # An interrupt would have to wait for the thread that reads.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.stdout = sys.stderr  # what anybody prints must not come between the messages
    server = Server()
    for feature, handler in FEATURES.items():
        server.feature(feature, OPTIONS.get(feature))(handler)
    server.start_io(stdin, stdout)
    code = 0 if server.was_shut_down else 1
    sys.stderr.flush()
    # A check may be under way, for whose end nobody waits any more.
    os._exit(code)

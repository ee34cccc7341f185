"""What PyTorch itself says about a program: the witness that neither markers nor linter can sway.

The product's runtime witness shares no code with this: a witness must not judge itself.
"""

from tests.oracle.execution import Outcome, execute, execute_with_snapshots, same
from tests.oracle.rewrite import with_clone, with_cures, with_detach, without_lines

__all__ = [
    "Outcome",
    "execute",
    "execute_with_snapshots",
    "same",
    "with_clone",
    "with_cures",
    "with_detach",
    "without_lines",
]

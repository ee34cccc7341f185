"""What is taken back of what was seen in a file that has nothing to do with torch.

Names and arithmetic say nothing there: arrays, datasets and other frameworks have them as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.flow import ir
from datalint.flow.events import DATA, Evidence
from datalint.ops import facts

if TYPE_CHECKING:
    from datalint.flow.events import Events, Write


def doubt(events: Events, module: ir.Module) -> None:
    """Take a `.data` for a tensor's where it is written by a method that tensors alone have."""
    for seen in events.by_origin.values():
        if seen.way == DATA and not any(_is_of_tensors(write, module) for write in seen.writes):
            seen.evidence = Evidence.NONE
            seen.damages.clear()


def _is_of_tensors(write: Write, module: ir.Module) -> bool:
    in_place = ir.method_of(write.site) in facts.in_place_names()
    return in_place and write.site.code is module.code

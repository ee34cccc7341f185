"""What torch says of a saved tensor that was modified, in the words of the torch that runs."""

from __future__ import annotations

import functools
import re
import warnings
from dataclasses import dataclass

import torch

_SAYS = re.compile(
    r"output 0 of (?P<name>\w+).* expected version 0 instead\.(?P<hint>.*)", re.DOTALL
)
#: What the nodes of torch's operators have behind the operator's name.
_SUFFIX = re.compile(r"Backward\d*$")


@dataclass(frozen=True, slots=True)
class Wording:
    """What is not the same in each version of torch, nor in anomaly mode."""

    whole_names: bool
    hint: str

    def say(self, tensor: str, made_by: tuple[str, int] | None, version: int, was: int) -> str:
        """The message about a tensor, the node that returned it, and the two versions."""
        which = ""
        if made_by is not None:
            name = made_by[0] if self.whole_names else _SUFFIX.sub("", made_by[0])
            which = f", which is output {made_by[1]} of {name},"
        return (
            "one of the variables needed for gradient computation has been modified by an inplace"
            f" operation: [{tensor}]{which} is at version {version}; expected version {was}"
            f" instead.{self.hint}"
        )


@functools.cache
def wording(anomaly: bool) -> Wording:
    """Listened to: torch is made to say it. Where hooks are active it does not."""
    with warnings.catch_warnings(), torch.enable_grad():
        warnings.simplefilter("ignore")
        with torch.autograd.set_detect_anomaly(anomaly):
            y = torch.ones(1, requires_grad=True).exp()
            torch.autograd.graph.increment_version(y)
            try:
                torch.autograd.backward(y)
            except RuntimeError as error:
                if said := _SAYS.search(str(error)):
                    return Wording(said["name"] != "Exp", said["hint"])
    return Wording(whole_names=True, hint="")

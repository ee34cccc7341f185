"""What a user asked for and cannot have: one clear line in the place of a report."""

from __future__ import annotations


class Refusal(Exception):
    """Whoever refuses has one of their own; the message is the line."""

"""Text for terminals, which obey what some characters say."""

from __future__ import annotations


def printable(text: str) -> str:
    """A line that cannot command a terminal, whatever somebody called a thing."""
    return "".join(character if character.isprintable() else "�" for character in text)

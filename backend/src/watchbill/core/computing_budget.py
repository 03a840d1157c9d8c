"""What one computation on words of a tenant may use: steps and size, counted, so that the same input always
meets the same limit, however fast the machine is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


class OverBudget(Exception):
    """A computation would use more than it may. `what` is `steps` or `size`; `path` is where the expression
    stands at which nothing was left, once somebody who knows has noted it."""

    def __init__(self, what: Literal["steps", "size"]):
        super().__init__("It takes too many steps." if what == "steps" else "It makes too large a value.")
        self.what: Literal["steps", "size"] = what
        self.path: tuple[str | int, ...] = ()

    def at(self, path: tuple[str | int, ...]) -> None:
        """Note where it was."""
        self.path = path


@dataclass(slots=True)
class Budget:
    """What is left. It is handed down through a computation and used up on the way.

    Args:
        steps: operations; going through a list or a text counts by its length. A million take half a second
            at most, whatever they do.
        size: characters and elements of all values that are made on the way, those thrown away included.
    """

    steps: int
    size: int

    def spend(self, steps: int = 1) -> None:
        """Count steps that are about to be taken.

        Raises:
            OverBudget: there are not so many left.
        """
        self.steps -= steps
        if self.steps < 0:
            raise OverBudget("steps")

    def make(self, size: int) -> None:
        """Count a value of so many characters or elements that is about to be made.

        Raises:
            OverBudget: it would be too large.
        """
        self.size -= size
        if self.size < 0:
            raise OverBudget("size")


def quick() -> Budget:
    """What may be computed on an event loop that many tenants share: a millisecond at most."""
    return Budget(steps=1_500, size=1_000_000)


def full() -> Budget:
    """What a whole computation may use, in a process that can be killed: about two seconds at most."""
    return Budget(steps=4_000_000, size=16_000_000)

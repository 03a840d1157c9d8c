"""The command line: `watchbill up | api | worker | migrate | doctor | run`."""

from watchbill.cli.commands import main

__all__ = ["main"]

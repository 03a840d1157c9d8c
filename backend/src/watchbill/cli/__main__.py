"""`python -m watchbill.cli` is the same as `watchbill`."""

from watchbill.cli.commands import main

main()

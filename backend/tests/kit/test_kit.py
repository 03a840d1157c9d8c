"""The table of the kit: whoever looks for something finds it there."""

import re
from pathlib import Path

from watchbill import kit


def test_the_table_names_each_module_once():
    named = re.findall(r"\w+", "".join(row.split("|")[2] for row in (kit.__doc__ or "").splitlines()[4:]))
    folder = Path(kit.__path__[0])
    modules = [file.stem for file in folder.glob("*.py") if file.stem != "__init__"]
    modules += [file.parent.name for file in folder.glob("*/__init__.py")]
    assert sorted(named) == sorted(modules)

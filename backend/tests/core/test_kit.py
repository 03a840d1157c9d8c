"""The table of the kit: whoever looks for something finds it there."""

import re
from pathlib import Path

from watchbill import kit


def test_the_table_names_each_module_once():
    named = re.findall(r"\w+", "".join(row.split("|")[2] for row in (kit.__doc__ or "").splitlines()[4:]))
    modules = [file.stem for file in Path(kit.__path__[0]).glob("*.py") if file.stem != "__init__"]
    assert sorted(named) == sorted(modules)

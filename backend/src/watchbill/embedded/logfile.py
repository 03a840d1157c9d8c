"""A log file with a size limit: the file and one older one."""

from __future__ import annotations

from collections import deque
from pathlib import Path

LIMIT_BYTES = 10 * 1024 * 1024


class LogFile:
    """Appends lines; past the limit the file becomes `<name>.1` and a new one begins."""

    def __init__(self, path: Path, *, limit: int = LIMIT_BYTES):
        self.path = path
        self._limit = limit
        self._file = path.open("ab")
        self._recent: deque[str] = deque(maxlen=15)

    def write(self, line: bytes) -> None:
        """Append one line, given with its end.

        Raises:
            OSError: the disk is full or gone.
        """
        self._recent.append(line.decode(errors="replace").rstrip())
        self._file.write(line)
        self._file.flush()
        if self._file.tell() > self._limit:
            self._file.close()
            self.path.rename(self.path.with_name(f"{self.path.name}.1"))
            self._file = self.path.open("ab")

    @property
    def tail(self) -> str:
        """The last lines written by this process."""
        return "\n".join(self._recent)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

"""The parts of a multipart form, as bytes in memory: forms of webhooks are small."""

from __future__ import annotations

from dataclasses import dataclass, field

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from watchbill.core.errors import FieldError, InvalidInput


@dataclass(frozen=True, slots=True)
class Part:
    """A field or, if it has a file's name, a file."""

    name: str
    filename: str | None
    content_type: str
    data: bytes


@dataclass(slots=True)
class _Reading:
    """What was read of the form so far. The parser calls back with pieces of names, values and contents."""

    most: int
    parts: list[Part] = field(default_factory=list[Part])
    headers: dict[str, str] = field(default_factory=dict[str, str])
    name: bytearray = field(default_factory=bytearray)
    value: bytearray = field(default_factory=bytearray)
    data: bytearray = field(default_factory=bytearray)
    ended: bool = False

    def begin(self) -> None:
        if len(self.parts) == self.most:
            raise _refused("too_many_fields", f"At most {self.most:,} fields are read.")
        self.headers, self.data = {}, bytearray()

    def header_field(self, data: bytes, start: int, end: int) -> None:
        self.name += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self.value += data[start:end]

    def header_end(self) -> None:
        try:
            self.headers[self.name.decode("ascii").lower()] = self.value.decode()
        except UnicodeDecodeError as error:
            raise _refused("text_encoding", "A part's header is not UTF-8.") from error
        self.name, self.value = bytearray(), bytearray()

    def part_data(self, data: bytes, start: int, end: int) -> None:
        self.data += data[start:end]

    def part_end(self) -> None:
        disposition, options = _options(self.headers.get("content-disposition", ""))
        name = options.get("name")
        if disposition != "form-data" or name is None:
            raise _refused("form_invalid", f"Part {len(self.parts) + 1} of the form has no name.")
        kind = self.headers.get("content-type", "")
        self.parts.append(Part(name, options.get("filename"), kind, bytes(self.data)))

    def end(self) -> None:
        self.ended = True


def read_parts(boundary: str, raw: bytes, *, most: int) -> list[Part]:
    """The parts in their order.

    Raises:
        InvalidInput: it is not a multipart form, or has more than `most` parts.
    """
    reading = _Reading(most)
    try:
        if not boundary:
            raise FormParserError("no boundary")
        parser = MultipartParser(
            boundary.encode("latin-1"),
            {
                "on_part_begin": reading.begin,
                "on_header_field": reading.header_field,
                "on_header_value": reading.header_value,
                "on_header_end": reading.header_end,
                "on_part_data": reading.part_data,
                "on_part_end": reading.part_end,
                "on_end": reading.end,
            },
        )
        parser.write(raw)
        parser.finalize()
    except (FormParserError, UnicodeEncodeError) as error:
        raise _refused(
            "form_invalid", "The body is not a multipart form with the boundary it names."
        ) from error
    if not reading.ended:
        raise _refused("form_invalid", "The multipart form breaks off before its end.")
    return reading.parts


def _options(header: str) -> tuple[str, dict[str, str]]:
    """A header's value and parameters. The library reads Latin-1, and browsers send UTF-8."""
    value, options = parse_options_header(header.encode().decode("latin-1"))
    return value.decode("latin-1"), {
        name.decode("latin-1"): option.decode() for name, option in options.items()
    }


def _refused(code: str, text: str) -> InvalidInput:
    return InvalidInput(text, code=code, errors=(FieldError(("body",), code, text),))

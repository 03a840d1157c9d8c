"""JSON Schemas that tenants write. Read `checking` first, which judges a schema where it is stored; then
`matching`, which judges a value by one, and `meaning`, which finds what is hardly meant; `parts` walks
through a schema and follows its references."""

from watchbill.core.schemas.checking import JsonSchema, SchemaProblem, check_schema, json_path, told
from watchbill.core.schemas.matching import Matcher, is_quick
from watchbill.core.schemas.meaning import check_meaning

__all__ = [
    "JsonSchema",
    "Matcher",
    "SchemaProblem",
    "check_meaning",
    "check_schema",
    "is_quick",
    "json_path",
    "told",
]

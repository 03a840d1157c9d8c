"""CEL expressions and `{{ }}` templates over `inputs` and `nodes`."""

from watchbill.core.expressions.cel import LOCALS, Expression, ExpressionError, Reference, parse
from watchbill.core.expressions.template import Template, parse_template, templates_in

__all__ = [
    "LOCALS",
    "Expression",
    "ExpressionError",
    "Reference",
    "Template",
    "parse",
    "parse_template",
    "templates_in",
]

"""CEL expressions and `{{ }}` templates over `inputs` and `nodes`.

In the order to read: `lexer`, `syntax` and `parser` make a tree of a text, `analysis` tells what it reads and
refuses unknown names, `program` makes Python functions of it, `values` and `functions` are what these compute
with, `expression` and `template` are what others use.
"""

from watchbill.core.expressions.analysis import LOCALS, Reference
from watchbill.core.expressions.errors import ExpressionError
from watchbill.core.expressions.expression import Expression, parse
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

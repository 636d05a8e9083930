"""A bare number in a template is for a machine (a script's position, a field's value), whatever the language.

What people read goes through ``gateway.vo.readable``, which writes French numbers itself.
"""

DECIMAL_SEPARATOR = "."
THOUSAND_SEPARATOR = ""
NUMBER_GROUPING = 0

"""Fields of the network's dataclasses as attributes of XML elements."""

from __future__ import annotations

from typing import Any

from sbmlgrn.expr import format_number


def camel(field: str) -> str:
    """SBML's name of a field."""
    head, *rest = field.split("_")
    return "sboTerm" if field == "sbo_term" else head + "".join(word.capitalize() for word in rest)


def text_of(value: Any) -> str | None:
    """The text of an attribute; ``None`` for one that is unset."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return format_number(int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else value)

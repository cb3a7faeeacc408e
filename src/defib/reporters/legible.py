"""Text for eyes: control characters of a stranger's names are not passed on to a terminal or a page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

T = TypeVar("T")
NUMBERS = frozenset({float, int, bool, type(None)})
"""What holds no text; a trace holds a great many of them."""
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters but tab and newline; what turns the direction of the text around; halves of characters."""


def legible(value: T) -> T:
    r"""A value (a Diagnosis, say) in whose texts everything that is not meant for eyes is a question mark.

    >>> legible("a" + chr(27) + "[31m" + chr(10) + "b"), legible(("a" + chr(0), 1.0))
    ('a?[31m\nb', ('a?', 1.0))
    """
    result: Any = value
    if isinstance(value, str):
        result = UNSEEN.sub("?", value)
    elif isinstance(value, tuple):
        result = tuple(one if type(one) in NUMBERS else legible(one) for one in value)
    elif isinstance(value, Mapping):
        result = {legible(key): legible(item) for key, item in value.items()}
    elif is_dataclass(value) and not isinstance(value, type):
        result = replace(value, **{field.name: legible(getattr(value, field.name)) for field in fields(value)})
    return result  # type: ignore[no-any-return]

"""Text from outside on its way to a person: what would move, hide or reorder it stands escaped.

A terminal obeys control characters (ECMA-48), and the Unicode Bidirectional Algorithm (UAX 9) lets
a name rearrange the words around it.
"""

import unicodedata
from typing import Final

# Controls, formats (among them all of bidi), lone surrogates, line and paragraph separators.
_CATEGORIES: Final = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))
# Zero width (non-)joiners: Persian, Hindi and emoji are written with them, and they move nothing.
_HARMLESS: Final = frozenset("\u200c\u200d")


def shown(text: str, keep: str = "") -> str:
    """`text` with `\\x1b`, `\\n`, `\\u202e` for such characters, but for those in `keep`."""
    if text.isprintable():
        return text
    return "".join(_escaped(c) if _acts(c) and c not in keep else c for c in text)


def _acts(character: str) -> bool:
    return unicodedata.category(character) in _CATEGORIES and character not in _HARMLESS


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")

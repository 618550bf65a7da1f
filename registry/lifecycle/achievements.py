"""Files of achievements, read strictly: one Achievement, or a list of them, as JSON."""

from codecs import BOM_UTF8
from pathlib import Path
from typing import Final

from registry.core.document import JsonObject, parse_json
from registry.core.errors import CoreError, Refusal
from registry.whole_files import read_bounded

from .awards import BadFile
from .badges import check_achievement

# A hundred achievements with pictures inside; each must fit into a credential by itself.
MAX_FILE_BYTES: Final = 16 << 20
_WANTED: Final = "want an Achievement object, or a list of them"


def read_achievements(path: Path) -> list[JsonObject]:
    """Every achievement of the file; raises `BadFile` where it is not JSON of that form."""
    data = read_bounded(path, MAX_FILE_BYTES).removeprefix(BOM_UTF8)
    if not data.strip():
        raise BadFile(f"{path} is empty: {_WANTED}")
    try:
        items = _items(data)
    except Refusal as refusal:
        raise BadFile(f"{path}: {refusal.detail}") from refusal
    if not items or not all(isinstance(item, dict) for item in items):
        raise BadFile(f"{path}: {_WANTED}")
    return items


def require_fit(items: list[JsonObject], path: Path) -> None:
    """That each can stand in a credential; `BadFile` names the first that cannot, and why."""
    for number, item in enumerate(items, 1):
        try:
            check_achievement(item)
        except CoreError as error:
            name = item.get("id") or item.get("name") or "without id"
            which = f"{path}: achievement {number} ({name})"
            raise BadFile(f"{which}: {getattr(error, 'detail', error)}") from error


def _items(data: bytes) -> list[JsonObject]:
    """The door reads objects: a list is the one member of an object.

    Had the file more than one value in it, the object would have more than one member.
    """
    if not data.lstrip().startswith(b"["):
        return [parse_json(data, MAX_FILE_BYTES)]
    whole = parse_json(b'{"":' + data + b"}", MAX_FILE_BYTES)
    return whole[""] if len(whole) == 1 else []

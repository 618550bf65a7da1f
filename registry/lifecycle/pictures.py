"""Which picture a credential is baked into: its achievement's own, or one that was given.

Sources: Open Badges 3.0, section 5.3 (baking) and B.1.12 (Image: a URL or a data URI); RFC 2397.
"""

from base64 import b64decode
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from registry.core.baked import PNG_SIGNATURE, bake
from registry.core.canonical import jcs
from registry.core.document import JsonObject
from registry.core.errors import Refusal

_DATA: Final = "data:"
_BASE64: Final = ";base64"


@dataclass(frozen=True)
class Pictures:
    """With `own`, an achievement's image where it stands in it as a data URI; else `given`."""

    own: bool
    given: bytes | None

    def baked(self, document: JsonObject) -> tuple[str, bytes] | None:
        """The file's ending (`png`, `svg`) and the picture that carries `document`, if any does.

        Raises `Refusal` at `format` for a picture that cannot carry it.
        """
        own = own_image(document["credentialSubject"]["achievement"]) if self.own else None
        image = self.given if own is None else own
        if image is None:
            return None
        ending = "png" if image.startswith(PNG_SIGNATURE) else "svg"
        return ending, bake(image, jcs(document))


def own_image(achievement: JsonObject) -> bytes | None:
    """The bytes of an achievement's image, if they are in it: nothing is ever fetched.

    Raises `Refusal` at `format` with `malformed` for a data URI that is none.
    """
    image = achievement.get("image")
    iri = image.get("id") if isinstance(image, dict) else image
    if not isinstance(iri, str) or iri[: len(_DATA)].lower() != _DATA:
        return None
    kind, comma, body = iri[len(_DATA) :].partition(",")
    data = unquote_to_bytes(body)
    try:
        if not comma:
            raise ValueError("no comma before its data")
        return b64decode(data, validate=True) if kind.lower().endswith(_BASE64) else data
    except ValueError as error:
        about = f"the image of {achievement.get('id')}"
        raise Refusal("format", "malformed", f"{about} is not a data URI: {error}") from error

"""What a holder hands over, told apart by content: JSON, a VC-JWT, or a picture with one in it."""

from .baked import PNG_SIGNATURE, unbake
from .credential import Credential, read_credential
from .document import MAX_DOCUMENT_BYTES, parse_json
from .errors import Refusal
from .jose import EnvelopedCredential, is_compact, is_enveloped, read_compact, unwrap


def read_presented(
    data: bytes, max_bytes: int = MAX_DOCUMENT_BYTES, max_beside: int | None = None
) -> tuple[Credential, EnvelopedCredential | None]:
    """The credential in `data` and, where it came in one, its envelope.

    `max_bytes` and `max_beside` bound what is no picture, as `parse_json` says (a picture has
    limits of its own). Raises `Refusal` at
    `format`, or at `signature` for a token that no signature can hold.
    """
    if data.startswith(PNG_SIGNATURE) or data.lstrip().startswith(b"<"):
        data = _unbaked(data)
    if is_compact(data):
        return _enveloped(data, max_bytes, max_beside)
    document = parse_json(data, max_bytes, max_beside)
    if is_enveloped(document):
        return _enveloped(unwrap(document), max_bytes, max_beside)
    return read_credential(document), None


def _enveloped(
    token: bytes | str, max_bytes: int, max_beside: int | None
) -> tuple[Credential, EnvelopedCredential]:
    envelope = read_compact(token, max_bytes, max_beside)
    return read_credential(envelope.document), envelope


def _unbaked(picture: bytes) -> bytes:
    baked = unbake(picture)
    if baked.version != "3.0":
        raise Refusal("format", "unknown_context", f"Open Badges {baked.version} is not read")
    return baked.text.encode("utf-8")

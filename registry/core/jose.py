"""VC-JWT: a credential in the payload of a compact JWS, read strictly, checked, and made.

Sources: 1EdTech Open Badges 3.0 (8.2, JSON Web Token Proof Format), W3C Securing Verifiable
Credentials using JOSE and COSE 1.0 (3.1, 4), W3C Verifiable Credentials Data Model 1.1 (6.3.1) and
2.0 (4.13.1, enveloped credentials), RFC 7515 (JWS), RFC 7519 (JWT), RFC 8725 (best practices).
The project's specification of it is docs/spec/vc-jwt.md.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from .canonical import jcs
from .contexts import CREDENTIALS_V2
from .document import MAX_DOCUMENT_BYTES, JsonObject, parse_json
from .errors import InvalidArgument, Refusal, shown
from .jwk import read_jwk, thumbprint
from .jwt_claims import REGISTERED_CLAIMS, Form, open_badges_claims, read_claims
from .keys import PublicKey
from .multibase import base64url_decode, base64url_encode
from .rsa import MAX_MODULUS_BITS
from .suites import Signer

ENVELOPED: Final = "EnvelopedVerifiableCredential"
# The largest RSA key as JWK and a DID URL that repeats it take 4 KiB; certificates some more.
MAX_HEADER_BYTES: Final = 16 << 10
# No signature that is checked here is longer than that of the largest RSA key.
MAX_SIGNATURE_BYTES: Final = MAX_MODULUS_BITS // 8

# The `alg` of a header -> that of the keys; RFC 9864 gives EdDSA with Ed25519 its own name.
_ALGORITHMS: Final = {
    **{name: name for name in ("RS256", "ES256", "ES384", "ES256K", "EdDSA")},
    "Ed25519": "EdDSA",
}
# What anybody could have made: no signature at all, and codes of a key that is no secret.
_UNSIGNED: Final = re.compile(r"none|HS[0-9]+", re.IGNORECASE)
# They change what the signature covers, or how the payload is read; none is understood here.
_REFUSED_MEMBERS: Final = frozenset(("crit", "b64", "zip", "enc"))
# The media type of VC-JOSE-COSE, and its names in the drafts.
_VC_JWT_TYPES: Final = ("vc+jwt", "vc-ld+jwt", "vc+ld+jwt", "vc+ld+json+jwt")
_OTHER_FORMS: Final = ("vc+sd-jwt", "vc-ld+sd-jwt", "dc+sd-jwt", "vc+cose")
_DATA_URL: Final = re.compile(r"data:application/([a-z0-9+-]+)([;,])", re.IGNORECASE)
_BEGINNING: Final = re.compile(rb"[A-Za-z0-9_-]+\.")
_DID_END: Final = re.compile(r"[/?#]")
_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_FRAGMENT: Final = re.compile(r"#?([A-Za-z0-9._~!$&'()*+,;=/?%-]+)")


@dataclass(frozen=True)
class EnvelopedCredential:
    """What a compact JWS says: `document` is the credential that its signature covers.

    `algorithm` is that of the keys (`PublicKey.algorithm`); `kid` and `jwk` are what the header
    says of the key, and prove nothing alone. `not_before` and `expires` are the signature's own
    period (VC-JOSE-COSE alone has one), the credential's stands in `document`.
    """

    document: JsonObject
    form: Form
    algorithm: str
    kid: str | None
    jwk: PublicKey | None
    signing_input: bytes
    signature: bytes
    not_before: datetime | None
    expires: datetime | None


def is_compact(data: bytes) -> bool:
    """Whether `data` begins as a compact JWS and not as JSON: which reader's it is."""
    return _BEGINNING.match(data) is not None


def read_compact(
    data: bytes | str, max_bytes: int = MAX_DOCUMENT_BYTES, max_beside: int | None = None
) -> EnvelopedCredential:
    """Read a VC-JWT whose payload has at most `max_bytes`, strictly; nothing is verified yet.

    `max_beside` bounds the payload as `parse_json` says.
    Of a file's bytes one line end at the very end is not part of the token. Raises `Refusal`: at
    `format`, `too_large`, `too_deep`, `malformed`, and what `read_claims` raises; at `signature`,
    `malformed` (a header that no signature can stand under), `unknown_suite` or `wrong_purpose`.
    """
    text = _text(data)
    header_part, payload_part, signature_part = _parts(text)
    header = parse_json(_decode(header_part, MAX_HEADER_BYTES), MAX_HEADER_BYTES)
    algorithm, typ = _algorithm(header), _typ(header)
    kid, jwk = _kid(header), _jwk(header, algorithm)
    payload = parse_json(_decode(payload_part, max_bytes), max_bytes, max_beside)
    claimed = read_claims(_with_replicated(payload, header), typ)
    return EnvelopedCredential(
        document=claimed.document,
        form=claimed.form,
        algorithm=algorithm,
        kid=kid,
        jwk=jwk,
        signing_input=f"{header_part}.{payload_part}".encode("ascii"),
        signature=_decode(signature_part, MAX_SIGNATURE_BYTES),
        not_before=claimed.not_before,
        expires=claimed.expires,
    )


def is_enveloped(document: JsonObject) -> bool:
    """Whether a JSON object is an `EnvelopedVerifiableCredential` (VC Data Model 2.0, 4.13.1)."""
    types = document.get("type")
    return ENVELOPED in types if isinstance(types, list) else types == ENVELOPED


def unwrap(document: JsonObject) -> str:
    """The compact JWS in the `data:` URL of an `EnvelopedVerifiableCredential`.

    Raises `Refusal`: at `format`, `ambiguous` for members beside the envelope's (nothing signs
    them) and `malformed` for another `id`; at `signature`, `unknown_suite` for another envelope.
    """
    if not is_enveloped(document) or document.keys() - {"@context", "type", "id"}:
        raise Refusal("format", "ambiguous", "an envelope has @context, type and id alone")
    context = document.get("@context")
    if CREDENTIALS_V2 not in (context if isinstance(context, list) else [context]):
        raise _malformed("the envelope's @context is not that of VC 2.0")
    url = document.get("id")
    match = _DATA_URL.match(url) if isinstance(url, str) else None
    if match is None:
        raise _malformed("the envelope's id is not a data: URL of an application type")
    subtype = match[1].lower()
    if subtype in _OTHER_FORMS:
        raise _unknown(f"an envelope of {subtype}")
    if subtype not in _VC_JWT_TYPES or match[2] != ",":
        raise _malformed(f"an envelope of {match[0]}")
    return str(url)[match.end() :]


def verification_method(enveloped: EnvelopedCredential, issuer: str) -> str | None:
    """The URL of the verification method that `kid` names; none where the header has `jwk` alone.

    `issuer` is the credential's. A `kid` that is no URL names a method of the issuer's document.
    Raises `Refusal` at `signature`: `not_issuer` for a method of another DID, `key_unresolved`
    for a header that names no key and for URLs that no method is read from.
    """
    kid = enveloped.kid
    if kid is None:
        if enveloped.jwk is None:
            raise _unresolved("the header names no key")
        return None
    scheme = _SCHEME.match(kid)
    if scheme is None:
        fragment = _FRAGMENT.fullmatch(kid)
        if fragment is None:
            raise _unresolved(f"the kid {shown(kid)} is neither a URL nor a name")
        return f"{issuer.partition('#')[0]}#{fragment[1]}"
    if scheme[1].lower() == "did":
        return _method_of_did(kid, issuer)
    if scheme[1].lower() not in ("https", "http"):
        raise _unresolved(f"no key is read from {shown(kid)}")
    return kid


def choose_key(
    enveloped: EnvelopedCredential, issuer: str, methods: Mapping[str, PublicKey]
) -> tuple[str, PublicKey]:
    """The method that made the signature, by URL and key, out of the issuer's `methods`.

    `methods` are those that the issuer authorises to assert, as its DID or a trust list says: the
    header only chooses among them. A `jwk` counts as the name of the method with that key; a `kid`
    that is no URL may also be a key's thumbprint (RFC 7638). Raises `Refusal` at `signature`:
    `not_issuer`, `key_unresolved`, or `mismatch` where `kid` and `jwk` are different keys.
    """
    named = verification_method(enveloped, issuer)
    method = next(
        (method for method in methods if method == named),
        next((method for method, key in methods.items() if _is_its_name(enveloped, key)), None),
    )
    if method is None:
        raise _unresolved("the issuer has no key that the header names")
    key = methods[method]
    if enveloped.jwk not in (None, key):
        raise Refusal("signature", "mismatch", f"the header's jwk is not the key of {method}")
    return method, key


def verify_signature(enveloped: EnvelopedCredential, key: PublicKey) -> None:
    """Check the signature with `key`, which must be of the header's algorithm (RFC 8725, 3.1).

    Raises `Refusal` at `signature`: `malformed` for a wrong length, else `mismatch`.
    """
    if key.algorithm != enveloped.algorithm:
        detail = f"signed by {enveloped.algorithm}, and the key is for {key.algorithm}"
        raise Refusal("signature", "mismatch", detail)
    if len(enveloped.signature) != key.signature_bytes:
        detail = f"{len(enveloped.signature)} bytes, want {key.signature_bytes}"
        raise Refusal("signature", "malformed", f"a signature of {detail}")
    if not key.verifies(enveloped.signing_input, enveloped.signature):
        raise Refusal("signature", "mismatch", "the signature does not fit the token")


def sign_compact(document: JsonObject, signer: Signer, kid: str) -> str:
    """The VC-JWT of `document` (VC 2.0) as Open Badges 3.0, 8.2 writes it.

    The credential's members and the claims beside them are the payload; `kid` is the URL of the
    signer's verification method. Embedded proofs are made before (8.2.2). Raises `Refusal` at
    `format` with `schema` for a document that no claims can repeat, and `InvalidArgument` for one
    that has claims already.
    """
    if REGISTERED_CLAIMS.intersection(document):
        raise InvalidArgument("the credential has members that are named like claims")
    header = {"alg": signer.public_key.algorithm, "kid": kid, "typ": "JWT"}
    payload = {**document, **open_badges_claims(document)}
    signing_input = ".".join(base64url_encode(jcs(part)) for part in (header, payload))
    signature = signer.sign(signing_input.encode("ascii"))
    return f"{signing_input}.{base64url_encode(signature)}"


def _is_its_name(enveloped: EnvelopedCredential, key: PublicKey) -> bool:
    if enveloped.kid is None:
        return key == enveloped.jwk
    return enveloped.kid == thumbprint(key)


def _text(data: bytes | str) -> str:
    if isinstance(data, str):
        return data
    try:
        return data.removesuffix(b"\n").removesuffix(b"\r").decode("ascii")
    except UnicodeDecodeError as error:
        raise _malformed("a compact JWS is ASCII") from error


def _parts(text: str) -> list[str]:
    if "~" in text:
        raise _unknown("SD-JWT is not read")
    parts = text.split(".", maxsplit=3)
    if len(parts) != 3:
        raise _malformed("a compact JWS has three parts")
    return parts


def _decode(part: str, max_bytes: int) -> bytes:
    if len(part) > (max_bytes * 4 + 2) // 3:
        raise Refusal("format", "too_large", f"a part of more than {max_bytes} bytes")
    try:
        data = base64url_decode(part)
    except InvalidArgument as error:
        raise _malformed(f"a part of the JWS: {error}") from error
    if not data:
        raise _malformed("a part of the JWS is empty")
    return data


def _algorithm(header: JsonObject) -> str:
    refused = sorted(_REFUSED_MEMBERS.intersection(header))
    if refused:
        raise _bad_header(f"{', '.join(refused)} in the header")
    name = header.get("alg")
    if not isinstance(name, str) or _UNSIGNED.fullmatch(name):
        raise _bad_header(f"alg {shown(name)} is no signature")
    if name not in _ALGORITHMS:
        raise _unknown(f"alg {shown(name)}")
    return _ALGORITHMS[name]


def _typ(header: JsonObject) -> str | None:
    """`jwt`, `vc+jwt` (by draft names too) or none; media types have no case (RFC 7515, 4.1.9)."""
    if "typ" not in header:
        return None
    if not isinstance(header["typ"], str):
        raise _bad_header("typ is not text")
    typ = header["typ"].lower().removeprefix("application/")
    if typ in _OTHER_FORMS:
        raise _unknown(f"a token of the type {typ}")
    if typ != "jwt" and typ not in _VC_JWT_TYPES:
        raise Refusal("signature", "wrong_purpose", f"a token of the type {shown(header['typ'])}")
    return "jwt" if typ == "jwt" else "vc+jwt"


def _kid(header: JsonObject) -> str | None:
    kid = header.get("kid")
    if "kid" in header and (not isinstance(kid, str) or not kid):
        raise _bad_header("kid is not text")
    return kid


def _jwk(header: JsonObject, algorithm: str) -> PublicKey | None:
    if "jwk" not in header:
        return None
    try:
        key = read_jwk(header["jwk"])
    except InvalidArgument as error:
        raise _bad_header(f"jwk: {error}") from error
    if key.algorithm != algorithm:
        raise _bad_header(f"a jwk for {key.algorithm} under alg {algorithm}")
    return key


def _with_replicated(payload: JsonObject, header: JsonObject) -> JsonObject:
    """Claims may stand in the header too; both must say the same (RFC 7519, 5.3)."""
    replicated: JsonObject = {
        claim: header[claim] for claim in ("iss", "sub", "aud") if claim in header
    }
    for claim, value in replicated.items():
        if payload.get(claim, value) != value:
            raise Refusal("format", "ambiguous", f"two values of {claim}")
    return {**payload, **replicated}


def _method_of_did(kid: str, issuer: str) -> str:
    did, fragment = _DID_END.split(kid, maxsplit=1)[0], kid.partition("#")[2]
    if did != issuer:
        raise Refusal("signature", "not_issuer", f"{shown(kid)} is no method of {issuer}")
    if fragment:
        return kid
    # A DID that is one key needs no fragment to name it.
    if did.startswith("did:key:"):
        return f"{did}#{did.removeprefix('did:key:')}"
    if did.startswith("did:jwk:"):
        return f"{did}#0"
    raise _unresolved(f"{shown(kid)} names no verification method")


def _malformed(detail: str) -> Refusal:
    return Refusal("format", "malformed", detail)


def _bad_header(detail: str) -> Refusal:
    return Refusal("signature", "malformed", detail)


def _unknown(detail: str) -> Refusal:
    return Refusal("signature", "unknown_suite", detail)


def _unresolved(detail: str) -> Refusal:
    return Refusal("signature", "key_unresolved", detail)

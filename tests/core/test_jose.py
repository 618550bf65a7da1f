"""VC-JWT: what is read is what was signed, by the key that the issuer authorised, and no other."""

import hmac
import json
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.core.canonical import jcs
from registry.core.credential import read_credential
from registry.core.document import MAX_DOCUMENT_BYTES, JsonObject
from registry.core.ecdsa import P256, P384, SECP256K1
from registry.core.errors import InvalidArgument, Refusal
from registry.core.jose import (
    MAX_HEADER_BYTES,
    MAX_SIGNATURE_BYTES,
    EnvelopedCredential,
    choose_key,
    is_compact,
    is_enveloped,
    read_compact,
    sign_compact,
    unwrap,
    verification_method,
    verify_signature,
)
from registry.core.jwk import read_jwk, thumbprint, write_jwk
from registry.core.jwt_claims import OPEN_BADGES_3
from registry.core.keys import PublicKey
from registry.core.multibase import base64url_decode, base64url_encode
from registry.core.suites import Signer

from .anchored_badges import DID, METHOD, SIGNER, STRANGER, unsigned_badge
from .jose_keys import EcSigner, rsa_signer, signers, token
from .test_jwk import P256_KEY
from .test_jwt_claims import BADGE, CLAIMS, PLAIN
from .test_rsa import MODULUS, SIGNATURE, SIGNING_INPUT

HEADER: JsonObject = {"alg": "EdDSA", "kid": METHOD, "typ": "JWT"}
PAYLOAD: JsonObject = {**BADGE, **CLAIMS}
TOKEN = token(HEADER, PAYLOAD)
KEYS = signers()
ISSUER = str(CLAIMS["iss"])


def code(refused: pytest.ExceptionInfo[Refusal]) -> str:
    return f"{refused.value.step}.{refused.value.code}"


def reading(data: bytes | str) -> str:
    with pytest.raises(Refusal) as caught:
        read_compact(data)
    return code(caught)


def checking(enveloped: EnvelopedCredential, key: PublicKey) -> str:
    with pytest.raises(Refusal) as caught:
        verify_signature(enveloped, key)
    return code(caught)


def published(jws: str, algorithm: str) -> EnvelopedCredential:
    """A token of an RFC, whose payload is no credential, as far as its signature goes."""
    signing_input, _, signature = jws.rpartition(".")
    return replace(
        read_compact(TOKEN),
        algorithm=algorithm,
        signing_input=signing_input.encode(),
        signature=base64url_decode(signature),
    )


# RFC 7515, A.2 and A.3; RFC 8037, A.4.
RFC_TOKENS: dict[str, tuple[str, str, JsonObject]] = {
    "RFC 7515, A.2": (
        f"{SIGNING_INPUT}.{SIGNATURE}",
        "RS256",
        {"kty": "RSA", "n": MODULUS, "e": "AQAB"},
    ),
    "RFC 7515, A.3": (
        SIGNING_INPUT.replace("eyJhbGciOiJSUzI1NiJ9", "eyJhbGciOiJFUzI1NiJ9")
        + ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
        "ES256",
        {
            "kty": "EC",
            "crv": "P-256",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        },
    ),
    "RFC 8037, A.4": (
        (
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-"
            "09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        ),
        "EdDSA",
        {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
    ),
}


@pytest.mark.parametrize(("jws", "alg", "jwk"), RFC_TOKENS.values(), ids=RFC_TOKENS.keys())
def test_the_tokens_of_the_rfcs_verify_and_their_neighbours_do_not(
    jws: str, alg: str, jwk: JsonObject
) -> None:
    enveloped, key = published(jws, alg), read_jwk(jwk)
    verify_signature(enveloped, key)
    changed = replace(enveloped, signing_input=enveloped.signing_input + b"A")
    assert checking(changed, key) == "signature.mismatch"


def test_a_token_of_another_use_is_no_credential() -> None:
    """Signed by the same key, perhaps: what it says is no credential."""
    enveloped = read_compact(RFC_TOKENS["RFC 7515, A.2"][0])
    with pytest.raises(Refusal) as caught:
        read_credential(enveloped.document)
    assert code(caught).startswith("format.")
    assert reading(RFC_TOKENS["RFC 8037, A.4"][0]) == "format.malformed"


@pytest.mark.parametrize("alg", KEYS)
@pytest.mark.parametrize("typ", ["JWT", "jwt", "vc+jwt", "application/vc+jwt", "VC+JWT", None])
def test_a_token_of_every_algorithm_is_read_and_verified(alg: str, typ: str | None) -> None:
    key, sign = KEYS[alg]
    header = {"alg": alg, "kid": f"{ISSUER}#key", **({"typ": typ} if typ else {})}
    enveloped = read_compact(token(header, PAYLOAD, sign))
    assert enveloped.document == BADGE
    assert (enveloped.form == OPEN_BADGES_3) == (typ is None or typ.lower() == "jwt")
    assert (enveloped.algorithm, enveloped.kid, enveloped.jwk) == (
        key.algorithm,
        header["kid"],
        None,
    )
    assert choose_key(enveloped, ISSUER, {f"{ISSUER}#key": key}) == (f"{ISSUER}#key", key)
    verify_signature(enveloped, key)


@pytest.mark.parametrize("alg", KEYS)
def test_a_key_of_another_algorithm_is_a_mismatch_whatever_it_signed(alg: str) -> None:
    enveloped = read_compact(token({"alg": alg, "kid": "#key"}, PAYLOAD, KEYS[alg][1]))
    for other, (key, sign) in KEYS.items():
        if key.algorithm != enveloped.algorithm:
            signed = replace(enveloped, signature=sign(enveloped.signing_input))
            assert key.verifies(signed.signing_input, signed.signature), other
            assert checking(signed, key) == "signature.mismatch"


def test_a_stranger_s_key_is_a_mismatch() -> None:
    assert checking(read_compact(TOKEN), STRANGER.public_key) == "signature.mismatch"


def bad(header: Any = None, payload: Any = None, **members: Any) -> str:
    kept = {k: v for k, v in {**HEADER, **members}.items() if v is not ...}
    return token(kept if header is None else header, PAYLOAD if payload is None else payload)


RSA_JWK = write_jwk(rsa_signer().public_key)
OWN_JWK = write_jwk(SIGNER.public_key)
LEFT, MIDDLE, RIGHT = TOKEN.split(".")
BAD: dict[str, tuple[bytes | str, str]] = {
    "nothing": ("", "format.malformed"),
    "one part": (LEFT, "format.malformed"),
    "two parts": (f"{LEFT}.{MIDDLE}", "format.malformed"),
    "four parts": (f"{TOKEN}.{RIGHT}", "format.malformed"),
    "five parts, a JWE": (f"{TOKEN}.{RIGHT}.{RIGHT}", "format.malformed"),
    "no header": (f".{MIDDLE}.{RIGHT}", "format.malformed"),
    "no payload, a detached one": (f"{LEFT}..{RIGHT}", "format.malformed"),
    "no signature": (f"{LEFT}.{MIDDLE}.", "format.malformed"),
    "padding": (f"{LEFT}.{MIDDLE}.{RIGHT}==", "format.malformed"),
    "padding of the header": (f"{LEFT}=.{MIDDLE}.{RIGHT}", "format.malformed"),
    "left-over bits in the signature": (TOKEN[:-1] + chr(ord(TOKEN[-1]) + 1), "format.malformed"),
    "a line feed inside": (f"{LEFT}\n.{MIDDLE}.{RIGHT}", "format.malformed"),
    "a line feed in the payload": (
        f"{LEFT}.{MIDDLE[:40]}\n{MIDDLE[40:]}.{RIGHT}",
        "format.malformed",
    ),
    "a line feed after the text": (f"{TOKEN}\n", "format.malformed"),
    "two line ends after the bytes": (f"{TOKEN}\n\n".encode(), "format.malformed"),
    "a space before": (f" {TOKEN}", "format.malformed"),
    "a byte order mark": (b"\xef\xbb\xbf" + TOKEN.encode(), "format.malformed"),
    "UTF-16": (TOKEN.encode("utf-16"), "format.malformed"),
    "the alphabet of base64": (f"{LEFT}.{MIDDLE}+.{RIGHT}", "format.malformed"),
    "an SD-JWT": (f"{TOKEN}~", "signature.unknown_suite"),
    "JSON serialization": (json.dumps({"payload": MIDDLE, "signature": RIGHT}), "format.malformed"),
    "a header that is no object": (bad(header=["alg"]), "format.malformed"),
    "a header that is no JSON": (bad(header=b"alg"), "format.malformed"),
    "a header in UTF-16": (bad(header=json.dumps(HEADER).encode("utf-16")), "format.malformed"),
    "a member twice in the header": (
        bad(header=b'{"alg":"none","alg":"EdDSA","kid":"#0"}'),
        "format.malformed",
    ),
    "a member twice by an escape": (
        bad(header=b'{"alg":"EdDSA","kid":"#0","\\u006bid":"#1"}'),
        "format.malformed",
    ),
    "a claim twice": (
        bad(payload=jcs(PAYLOAD).replace(b'"iss":', b'"iss":"did:x:y","iss":', 1)),
        "format.malformed",
    ),
    "a payload that is no object": (bad(payload=[PAYLOAD]), "format.malformed"),
    "a payload that is no JSON": (bad(payload=b"\x78\x9c"), "format.malformed"),
    "NaN in the payload": (bad(payload=b'{"nbf":NaN}'), "format.malformed"),
    "a payload too deep": (bad(payload={"a": json.loads("[" * 70 + "]" * 70)}), "format.too_deep"),
    "a payload too large": (bad(payload=b" " * (MAX_DOCUMENT_BYTES + 1)), "format.too_large"),
    "a header too large": (bad(x5c=["A" * MAX_HEADER_BYTES]), "format.too_large"),
    "a signature too large": (
        f"{LEFT}.{MIDDLE}.{base64url_encode(bytes(MAX_SIGNATURE_BYTES + 1))}",
        "format.too_large",
    ),
    "no alg": (bad(alg=...), "signature.malformed"),
    "alg is null": (bad(alg=None), "signature.malformed"),
    "alg is a list": (bad(alg=["EdDSA"]), "signature.malformed"),
    "alg none": (bad(alg="none"), "signature.malformed"),
    "alg NONE": (bad(alg="NoNe"), "signature.malformed"),
    "alg none without a signature": (
        token({**HEADER, "alg": "none"}, PAYLOAD, lambda _: b""),
        "signature.malformed",
    ),
    "HS256": (bad(alg="HS256"), "signature.malformed"),
    "HS512": (bad(alg="hs512"), "signature.malformed"),
    "PS256": (bad(alg="PS256"), "signature.unknown_suite"),
    "ES512": (bad(alg="ES512"), "signature.unknown_suite"),
    "Ed448": (bad(alg="Ed448"), "signature.unknown_suite"),
    "an algorithm in small letters": (bad(alg="eddsa"), "signature.unknown_suite"),
    "an algorithm with a space": (bad(alg="EdDSA "), "signature.unknown_suite"),
    "crit": (bad(crit=["exp"], exp=1), "signature.malformed"),
    "an empty crit": (bad(crit=[]), "signature.malformed"),
    "b64 false": (bad(b64=False, crit=["b64"]), "signature.malformed"),
    "b64 false without crit": (bad(b64=False), "signature.malformed"),
    "b64 true": (bad(b64=True), "signature.malformed"),
    "zip": (bad(zip="DEF"), "signature.malformed"),
    "enc": (bad(enc="A128GCM"), "signature.malformed"),
    "typ of an access token": (bad(typ="at+jwt"), "signature.wrong_purpose"),
    "typ of a presentation": (bad(typ="vp+jwt"), "signature.wrong_purpose"),
    "typ of anything else": (bad(typ="bad+typ"), "signature.wrong_purpose"),
    "an empty typ": (bad(typ=""), "signature.wrong_purpose"),
    "typ of an SD-JWT": (bad(typ="vc+sd-jwt"), "signature.unknown_suite"),
    "typ is null": (bad(typ=None), "signature.malformed"),
    "kid is null": (bad(kid=None), "signature.malformed"),
    "kid is empty": (bad(kid=""), "signature.malformed"),
    "kid is a number": (bad(kid=1), "signature.malformed"),
    "jwk is text": (bad(jwk=json.dumps(OWN_JWK)), "signature.malformed"),
    "jwk is null": (bad(jwk=None), "signature.malformed"),
    "jwk shows the private key": (
        bad(jwk={**OWN_JWK, "d": base64url_encode(bytes(32))}),
        "signature.malformed",
    ),
    "jwk is symmetric": (bad(jwk={"kty": "oct", "k": "c2VjcmV0"}), "signature.malformed"),
    "jwk of another algorithm": (bad(jwk=RSA_JWK), "signature.malformed"),
    "jwk for another use": (bad(jwk={**OWN_JWK, "use": "enc"}), "signature.malformed"),
    "iss in the header is another": (bad(iss="did:x:y"), "format.ambiguous"),
    "sub in the header is another": (bad(sub="did:x:y"), "format.ambiguous"),
    "iss in the header covers another in the payload": (
        bad(iss=ISSUER, payload={**PAYLOAD, "iss": "did:x:y"}),
        "format.ambiguous",
    ),
    "iss in the header is null": (bad(iss=None), "format.ambiguous"),
    "aud in the header": (bad(aud="x"), "signature.wrong_purpose"),
    "a vc claim in a vc+jwt": (bad(payload={"vc": BADGE, **CLAIMS}, typ="vc+jwt"), "format.schema"),
    "claims that disagree": (bad(payload={**PAYLOAD, "iss": "did:x:y"}), "format.ambiguous"),
}


@pytest.mark.parametrize(("data", "expected"), BAD.values(), ids=BAD.keys())
def test_a_bad_token_gets_its_code(data: bytes | str, expected: str) -> None:
    assert reading(data) == expected


def test_hs256_with_the_public_key_as_secret_is_refused() -> None:
    for secret in (SIGNER.public_key.raw, json.dumps(RSA_JWK).encode()):
        header = {"alg": "HS256", "kid": METHOD}
        forged = token(header, PAYLOAD, lambda m, s=secret: hmac.digest(s, m, sha256))  # type: ignore[misc]
        assert reading(forged) == "signature.malformed"


def test_bytes_of_a_file_may_end_with_one_line_end() -> None:
    for end in (b"", b"\n", b"\r\n"):
        assert read_compact(TOKEN.encode() + end) == read_compact(TOKEN)
    assert reading(TOKEN.encode() + b"\n\r") == "format.malformed"


def test_members_of_the_header_that_say_nothing_here_are_passed_over() -> None:
    other = {"cty": "vc", "x5c": ["MIIB"], "jku": "https://evil.example/keys", "iat": 1, "new": {}}
    enveloped = read_compact(bad(**other, iss=ISSUER))
    assert (enveloped.document, enveloped.kid, enveloped.jwk) == (BADGE, METHOD, None)


SIGNATURES: dict[str, tuple[str, Any, str]] = {
    "zero r and s": ("ES256", lambda _: bytes(64), "signature.mismatch"),
    "zero r": ("ES256", lambda s: bytes(32) + s[32:], "signature.mismatch"),
    "zero s": ("ES256", lambda s: s[:32] + bytes(32), "signature.mismatch"),
    "the order for r and s": (
        "ES256",
        lambda _: (
            2 * bytes.fromhex("ffffffff00000000" + "ff" * 8 + "bce6faada7179e84f3b9cac2fc632551")
        ),
        "signature.mismatch",
    ),
    "one for r and s": ("ES256", lambda _: 2 * (bytes(31) + b"\1"), "signature.mismatch"),
    "ones throughout": ("ES256", lambda _: b"\xff" * 64, "signature.mismatch"),
    "r and s changed about": ("ES256", lambda s: s[32:] + s[:32], "signature.mismatch"),
    "leading zeros": ("ES256", lambda s: b"\0" + s[:32] + b"\0" + s[32:], "signature.malformed"),
    "a byte too few": ("ES256", lambda s: s[:-1], "signature.malformed"),
    "a byte too many": ("ES384", lambda s: s + b"\0", "signature.malformed"),
    "zeros for ES384": ("ES384", lambda _: bytes(96), "signature.mismatch"),
    "zeros for ES256K": ("ES256K", lambda _: bytes(64), "signature.mismatch"),
    "zeros for EdDSA": ("EdDSA", lambda _: bytes(64), "signature.mismatch"),
    "the identity for R, zero for S": (
        "EdDSA",
        lambda _: b"\1" + bytes(63),
        "signature.mismatch",
    ),
    "S beyond the order": (
        "EdDSA",
        lambda s: (
            s[:32]
            + (
                int.from_bytes(s[32:], "little")
                + (1 << 252)
                + 27742317777372353535851937790883648493
            ).to_bytes(32, "little")
        ),
        "signature.mismatch",
    ),
    "63 bytes": ("EdDSA", lambda s: s[:-1], "signature.malformed"),
    "zeros for RS256": ("RS256", lambda s: bytes(len(s)), "signature.mismatch"),
    "trailing garbage": ("RS256", lambda s: s + b"\0", "signature.malformed"),
    "a shortened RS256": ("RS256", lambda s: s[:-1], "signature.malformed"),
}


@pytest.mark.parametrize(("alg", "forge", "expected"), SIGNATURES.values(), ids=SIGNATURES.keys())
def test_a_forged_signature_gets_its_code(alg: str, forge: Any, expected: str) -> None:
    key, sign = KEYS[alg]
    forged = read_compact(token({"alg": alg, "kid": "#key"}, PAYLOAD, lambda m: forge(sign(m))))
    assert checking(forged, key) == expected


@pytest.mark.parametrize("curve", [P256, P384, SECP256K1], ids=lambda curve: str(curve.name))
def test_a_signature_in_der_is_malformed(curve: Any) -> None:
    signer = EcSigner(curve)
    header = {"alg": curve.algorithm, "kid": "#key"}
    forged = read_compact(token(header, PAYLOAD, signer.der))
    assert checking(forged, signer.public_key) == "signature.malformed"


def naming(**members: Any) -> EnvelopedCredential:
    kept = {k: v for k, v in {**HEADER, **members}.items() if v is not None}
    return read_compact(token(kept, PAYLOAD))


NAMES = {
    METHOD: METHOD,
    DID: METHOD,
    "#key-1": f"{DID}#key-1",
    "key-1": f"{DID}#key-1",
    "https://school.example.org/keys#key-1": "https://school.example.org/keys#key-1",
    f"{DID}?versionId=1#key-1": f"{DID}?versionId=1#key-1",
}


@pytest.mark.parametrize(("kid", "method"), NAMES.items())
def test_kid_names_a_verification_method(kid: str, method: str) -> None:
    assert verification_method(naming(kid=kid), DID) == method


def test_a_did_jwk_alone_names_its_only_method() -> None:
    did = "did:jwk:" + base64url_encode(json.dumps(P256_KEY).encode())
    assert verification_method(naming(kid=did), did) == f"{did}#0"


def test_a_name_relative_to_a_profile_stands_in_its_document() -> None:
    issuer = "https://school.example.org/issuer#profile"
    assert verification_method(naming(kid="key-1"), issuer) == (
        "https://school.example.org/issuer#key-1"
    )


BAD_NAMES = {
    STRANGER.public_key.did_key: "signature.not_issuer",
    f"{DID}x#key": "signature.not_issuer",
    f"DID{DID[3:]}#key": "signature.not_issuer",
    "urn:uuid:2": "signature.key_unresolved",
    "key:1": "signature.key_unresolved",
    "javascript:alert(1)": "signature.key_unresolved",
    "key 1": "signature.key_unresolved",
    "#key#1": "signature.key_unresolved",
    "key-1\n": "signature.key_unresolved",
    "#": "signature.key_unresolved",
}


@pytest.mark.parametrize(("kid", "expected"), BAD_NAMES.items())
def test_a_kid_that_is_not_the_issuers_or_no_name_is_refused(kid: str, expected: str) -> None:
    with pytest.raises(Refusal) as caught:
        choose_key(naming(kid=kid), DID, {METHOD: SIGNER.public_key})
    assert code(caught) == expected


def test_a_did_of_several_keys_names_none() -> None:
    with pytest.raises(Refusal) as caught:
        verification_method(naming(kid="did:web:x.example"), "did:web:x.example")
    assert code(caught) == "signature.key_unresolved"


def test_a_header_that_names_no_key_is_unresolved() -> None:
    with pytest.raises(Refusal) as caught:
        choose_key(naming(kid=None), DID, {METHOD: SIGNER.public_key})
    assert code(caught) == "signature.key_unresolved"


def test_jwk_alone_chooses_among_the_issuers_keys() -> None:
    enveloped = naming(kid=None, jwk=OWN_JWK)
    assert verification_method(enveloped, DID) is None
    methods = {f"{DID}#old": STRANGER.public_key, METHOD: SIGNER.public_key}
    assert choose_key(enveloped, DID, methods) == (METHOD, SIGNER.public_key)


def test_a_jwk_of_nobodys_proves_nothing() -> None:
    """An attacker signs with a key of their own and puts it into the header."""
    forged = token({"alg": "EdDSA", "jwk": write_jwk(STRANGER.public_key)}, PAYLOAD, STRANGER.sign)
    enveloped = read_compact(forged)
    verify_signature(enveloped, STRANGER.public_key)
    with pytest.raises(Refusal) as caught:
        choose_key(enveloped, DID, {METHOD: SIGNER.public_key})
    assert code(caught) == "signature.key_unresolved"


def test_the_jwk_of_an_attacker_under_the_issuers_kid_is_a_mismatch() -> None:
    forged = token({**HEADER, "jwk": write_jwk(STRANGER.public_key)}, PAYLOAD, STRANGER.sign)
    with pytest.raises(Refusal) as caught:
        choose_key(read_compact(forged), DID, {METHOD: SIGNER.public_key})
    assert code(caught) == "signature.mismatch"
    assert choose_key(naming(jwk=OWN_JWK), DID, {METHOD: SIGNER.public_key})[0] == METHOD


def test_a_thumbprint_names_the_key_of_a_method() -> None:
    methods = {METHOD: SIGNER.public_key, f"{DID}#2": STRANGER.public_key}
    enveloped = naming(kid=thumbprint(STRANGER.public_key))
    assert choose_key(enveloped, DID, methods) == (f"{DID}#2", STRANGER.public_key)
    with pytest.raises(Refusal) as caught:
        choose_key(enveloped, DID, {METHOD: SIGNER.public_key})
    assert code(caught) == "signature.key_unresolved"


def test_an_https_kid_is_read_only_where_the_issuer_has_that_method() -> None:
    kid = "https://school.example.org/keys#key-1"
    enveloped = naming(kid=kid)
    assert choose_key(enveloped, DID, {kid: SIGNER.public_key}) == (kid, SIGNER.public_key)
    with pytest.raises(Refusal) as caught:
        choose_key(enveloped, DID, {METHOD: SIGNER.public_key})
    assert code(caught) == "signature.key_unresolved"


MAKERS: dict[str, Signer] = {
    "EdDSA": SIGNER,
    "ES256": EcSigner(P256),
    "ES384": EcSigner(P384),
}


@pytest.mark.parametrize("alg", MAKERS)
@pytest.mark.parametrize("document", [BADGE, unsigned_badge()], ids=["by DID", "hashed"])
def test_what_is_made_is_read_again(document: JsonObject, alg: str) -> None:
    signer = MAKERS[alg]
    made = sign_compact(document, signer, METHOD)
    header = json.loads(base64url_decode(made.split(".")[0]))
    assert header == {"alg": alg, "kid": METHOD, "typ": "JWT"}
    enveloped = read_compact(made)
    assert (enveloped.document, enveloped.form) == (document, OPEN_BADGES_3)
    verify_signature(enveloped, choose_key(enveloped, DID, {METHOD: signer.public_key})[1])
    assert read_credential(enveloped.document).document == document
    assert is_compact(made.encode())


def test_ed25519_makes_the_same_token_again() -> None:
    assert sign_compact(BADGE, SIGNER, METHOD) == sign_compact(dict(BADGE), SIGNER, METHOD)


def test_a_credential_with_claims_for_members_is_not_made() -> None:
    with pytest.raises(InvalidArgument):
        sign_compact({**BADGE, "iss": ISSUER}, SIGNER, METHOD)


@pytest.mark.parametrize("member", ["@context", "validFrom"])
def test_a_document_that_no_claims_repeat_is_not_made(member: str) -> None:
    with pytest.raises(Refusal) as caught:
        sign_compact({**BADGE, member: 5}, SIGNER, METHOD)
    assert code(caught) == "format.schema"


def test_json_and_compact_are_told_apart() -> None:
    assert is_compact(TOKEN.encode())
    assert is_compact(b"eyJhbGciOiJub25lIn0.")
    for data in (b"", b"{}", b'\n{"a":"eyJ.x"}', b"[1.2]", b"\xef\xbb\xbf{}", b"<svg>", b"eyJ"):
        assert not is_compact(data)


ENVELOPE: JsonObject = {
    "@context": "https://www.w3.org/ns/credentials/v2",
    "type": "EnvelopedVerifiableCredential",
    "id": f"data:application/vc+jwt,{TOKEN}",
}


def test_an_envelope_is_unwrapped() -> None:
    listed = {
        **ENVELOPE,
        "@context": [ENVELOPE["@context"]],
        "type": ["EnvelopedVerifiableCredential", "Example"],
    }
    for envelope in (ENVELOPE, listed, {**ENVELOPE, "id": f"DATA:Application/VC+JWT,{TOKEN}"}):
        assert is_enveloped(envelope)
        assert read_compact(unwrap(envelope)) == read_compact(TOKEN)
    assert not is_enveloped(PLAIN)
    assert not is_enveloped({})


BAD_ENVELOPES: dict[str, tuple[JsonObject, str]] = {
    "no envelope": (PLAIN, "format.ambiguous"),
    "a member beside": ({**ENVELOPE, "issuer": "did:x:y"}, "format.ambiguous"),
    "a proof beside": ({**ENVELOPE, "proof": {}}, "format.ambiguous"),
    "no @context": ({k: ENVELOPE[k] for k in ("type", "id")}, "format.malformed"),
    "another @context": ({**ENVELOPE, "@context": "https://x.example"}, "format.malformed"),
    "no id": ({k: ENVELOPE[k] for k in ("type", "@context")}, "format.malformed"),
    "an id that is no text": ({**ENVELOPE, "id": [TOKEN]}, "format.malformed"),
    "the token alone": ({**ENVELOPE, "id": TOKEN}, "format.malformed"),
    "another URL": ({**ENVELOPE, "id": f"https://x.example/{TOKEN}"}, "format.malformed"),
    "no media type": ({**ENVELOPE, "id": f"data:,{TOKEN}"}, "format.malformed"),
    "text": ({**ENVELOPE, "id": f"data:text/plain,{TOKEN}"}, "format.malformed"),
    "JSON": ({**ENVELOPE, "id": "data:application/json,{}"}, "format.malformed"),
    "base64": ({**ENVELOPE, "id": f"data:application/vc+jwt;base64,{TOKEN}"}, "format.malformed"),
    "an SD-JWT": (
        {**ENVELOPE, "id": f"data:application/vc+sd-jwt,{TOKEN}~"},
        "signature.unknown_suite",
    ),
    "COSE": ({**ENVELOPE, "id": "data:application/vc+cose;base64,0oRD"}, "signature.unknown_suite"),
}


@pytest.mark.parametrize(("envelope", "expected"), BAD_ENVELOPES.values(), ids=BAD_ENVELOPES.keys())
def test_a_bad_envelope_gets_its_code(envelope: JsonObject, expected: str) -> None:
    with pytest.raises(Refusal) as caught:
        unwrap(envelope)
    assert code(caught) == expected


@pytest.mark.parametrize("before", ["%20", "%65", " ", "\n", ""])
def test_an_envelope_holds_the_token_in_its_one_spelling(before: str) -> None:
    spelt = {**ENVELOPE, "id": f"data:application/vc+jwt,{before}{TOKEN[bool(before) :]}"}
    if before:
        assert reading(unwrap(spelt)) == "format.malformed"
    else:
        assert unwrap(spelt) == TOKEN


@given(st.data())
def test_one_changed_character_never_verifies(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(TOKEN) - 1))
    other = data.draw(st.characters(codec="ascii").filter(lambda c: c != TOKEN[at]))
    changed = TOKEN[:at] + other + TOKEN[at + 1 :]
    with pytest.raises(Refusal):
        verify_signature(read_compact(changed), SIGNER.public_key)


@given(st.text(max_size=40) | st.binary(max_size=40))
def test_any_other_text_is_refused_with_a_code(data: bytes | str) -> None:
    assert reading(data)


@given(
    st.dictionaries(
        st.sampled_from(["alg", "kid", "jwk", "typ", "crit", "b64", "iss", "aud", "x"]),
        st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just(OWN_JWK),
    )
)
def test_any_header_is_read_or_refused_with_a_code(members: JsonObject) -> None:
    try:
        enveloped = read_compact(token({**HEADER, **members}, PAYLOAD))
    except Refusal:
        return
    assert enveloped.document == BADGE
    assert enveloped.algorithm == "EdDSA"


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)


@given(TEXTS, st.integers(0, 253_402_300_799), TEXTS)
def test_every_credential_comes_back(name: str, second: int, extra: str) -> None:
    stamp = read_compact(
        token(
            {**HEADER, "typ": "JWT"},
            {"vc": {k: v for k, v in BADGE.items() if k != "validUntil"}, **CLAIMS, "exp": second},
        )
    ).document["validUntil"]
    document = {**BADGE, "name": name, "validUntil": stamp, "description": extra}
    enveloped = read_compact(sign_compact(document, SIGNER, METHOD))
    assert enveloped.document == document
    verify_signature(enveloped, SIGNER.public_key)

"""`jwt.json`: VC-JWTs of every algorithm and form, and what is none."""

import json
from functools import partial
from typing import Any

from core import test_jose, test_jwt_claims
from core.anchored_badges import DID, METHOD, SIGNER, STRANGER
from core.ecdsa_signer import EcdsaSigner
from core.jose_keys import rsa_signer, token
from core.test_jwt_claims import BADGE, CLAIMS, OLD, PLAIN

from registry.core.ecdsa import P256, P384, SECP256K1
from registry.core.errors import Refusal
from registry.core.jose import choose_key, read_compact, unwrap, verify_signature
from registry.core.jwk import thumbprint, write_jwk
from registry.core.keys import PublicKey
from registry.core.times import write_stamp

from .writing import Case, File, attack, case, code_of, file_of, hexed, named

DESCRIPTION = (
    "VC-JWTs (docs/spec/vc-jwt.md). A token's bytes are the UTF-8 of `token`, or `bytes`. A case "
    "with headerText gives what must be read: form, credential (claims put in), kid, the "
    "signature's own period; the signature holds for publicKeyJwk. Refused: with a token alone, on "
    "reading; with publicKeyJwk, by its signature; with issuer and methods, on choosing the key. "
    "With `method`, that is the one chosen. With `envelope`, an EnvelopedVerifiableCredential."
)
# Tokens that show the limits are as long as these: the specification names them.
MAX_CHARACTERS = 8192
PAYLOAD = {**BADGE, **CLAIMS}
SIGNERS: dict[str, Any] = {
    "RS256": rsa_signer(),
    "ES256": EcdsaSigner(P256, 1234567),
    "ES384": EcdsaSigner(P384, 7654321),
    "ES256K": EcdsaSigner(SECP256K1, 1234567),
    "EdDSA": SIGNER,
}


def make() -> File:
    return file_of(
        DESCRIPTION,
        [*_read(), *_refused(), *_forged(), *_envelopes(), *_chosen(), *_not_chosen()],
    )


def _read() -> list[Case]:
    by_algorithm = [
        _worked(f"open badge by {alg}", "the form of Open Badges 3.0", alg, PAYLOAD)
        for alg in SIGNERS
    ]
    completed = {**CLAIMS, "vc": {k: v for k, v in OLD.items() if k in ("@context", "type")}}
    completed["vc"]["credentialSubject"] = {"degree": "x"}
    end_alone = {k: v for k, v in PAYLOAD.items() if k != "validUntil"}
    forms: dict[str, tuple[str, Any, str | None]] = {
        "vc 1.1": ("the credential in the claim vc", {**CLAIMS, "vc": OLD}, "JWT"),
        "vc 1.1 completed": ("members that stand in claims alone", completed, None),
        "open badge completed": ("exp without validUntil", end_alone, "JWT"),
        "open badge without typ": ("claims show the form", PAYLOAD, None),
        "vc jose cose": ("the credential is the payload", PLAIN, "vc+jwt"),
        "vc jose cose with claims": ("its own period", {**PLAIN, **CLAIMS}, "application/vc+jwt"),
        "bare badge": ("without claims and typ", BADGE, None),
    }
    return [
        *by_algorithm,
        *(
            _worked(name, desc, "EdDSA", payload, typ)
            for name, (desc, payload, typ) in forms.items()
        ),
    ]


def _worked(name: str, desc: str, alg: str, payload: Any, typ: str | None = "JWT") -> Case:
    signer = SIGNERS[alg]
    header = {"alg": alg, "kid": METHOD} | ({"typ": typ} if typ else {})
    text = token(header, payload, signer.sign)
    read = read_compact(text)
    verify_signature(read, signer.public_key)
    return case(
        name,
        desc,
        headerText=json.dumps(header),
        payloadText=json.dumps(payload),
        signingInput=read.signing_input.decode(),
        signature=hexed(read.signature),
        token=text,
        algorithm=read.algorithm,
        publicKeyJwk=write_jwk(signer.public_key),
        form=read.form.name,
        kid=read.kid,
        notBefore=write_stamp(read.not_before) if read.not_before else None,
        expires=write_stamp(read.expires) if read.expires else None,
        credential=read.document,
    )


def _refused() -> list[Case]:
    tokens = {f"token {name}": data for name, (data, _) in test_jose.BAD.items()}
    claims = {
        f"claims {name}": token(_header(typ), payload)
        for name, (payload, typ, _) in test_jwt_claims.BAD.items()
    }
    cases = []
    for name, data in (tokens | claims).items():
        given = _given(data)
        if len(json.dumps(given)) < MAX_CHARACTERS:
            cases.append(
                attack(named(name), name, **given, code=code_of(partial(read_compact, data)))
            )
    return cases


def _header(typ: str | None) -> dict[str, str]:
    return {"alg": "EdDSA", "kid": METHOD} | ({"typ": typ} if typ else {})


def _given(data: bytes | str) -> dict[str, str]:
    """Text where it is text: what a file holds and what a string holds differ in a line end."""
    return {"bytes": hexed(data)} if isinstance(data, bytes) else {"token": data}


def _forged() -> list[Case]:
    cases = []
    for name, (alg, forge, _) in test_jose.SIGNATURES.items():
        signer = SIGNERS[alg]
        cases.append(
            _against(name, alg, signer.public_key, lambda m, s=signer, f=forge: f(s.sign(m)))
        )
    for alg in ("ES256", "ES384", "ES256K"):
        signer = SIGNERS[alg]
        cases.append(_against(f"der {alg}", alg, signer.public_key, signer.der))
    cases.append(_against("stranger", "EdDSA", SIGNER.public_key, STRANGER.sign))
    cases.append(_against("key of another algorithm", "ES256", SIGNER.public_key, SIGNER.sign))
    return cases


def _against(name: str, alg: str, key: PublicKey, sign: Any) -> Case:
    text = token({"alg": alg, "kid": METHOD, "typ": "JWT"}, PAYLOAD, sign)
    code = code_of(lambda: verify_signature(read_compact(text), key))
    given = {"token": text, "publicKeyJwk": write_jwk(key)}
    return attack(named(f"signature {name}"), name, **given, code=code)


def _envelopes() -> list[Case]:
    good = test_jose.ENVELOPE
    kept = unwrap(good)
    cases = [case("envelope", "its id holds the token", envelope=good, token=kept)]
    for name, (envelope, _) in test_jose.BAD_ENVELOPES.items():
        code = code_of(partial(unwrap, envelope))
        cases.append(attack(f"envelope_{named(name)}", name, envelope=envelope, code=code))
    return cases


METHODS: dict[str, PublicKey] = {METHOD: SIGNER.public_key, f"{DID}#2": STRANGER.public_key}
STRANGER_JWK = write_jwk(STRANGER.public_key)


def _chosen() -> list[Case]:
    headers: dict[str, dict[str, Any]] = {
        "kid": {"kid": METHOD},
        "kid is a did:key": {"kid": DID},
        "kid is a fragment": {"kid": "#2"},
        "kid is a name": {"kid": "2"},
        "kid is a thumbprint": {"kid": thumbprint(STRANGER.public_key)},
        "jwk alone": {"jwk": STRANGER_JWK},
        "kid and jwk": {"kid": "#2", "jwk": STRANGER_JWK},
    }
    return [_choosing(f"key by {name}", name, header) for name, header in headers.items()]


def _not_chosen() -> list[Case]:
    headers: dict[str, dict[str, Any]] = {
        **{f"kid {kid}": {"kid": kid} for kid in test_jose.BAD_NAMES},
        "no name": {},
        "an attacker's jwk": {"jwk": write_jwk(SIGNERS["ES256"].public_key), "alg": "ES256"},
        "an attacker's jwk under the issuer's kid": {"kid": METHOD, "jwk": STRANGER_JWK},
    }
    return [_choosing(f"key by {name}", name, header) for name, header in headers.items()]


def _choosing(name: str, desc: str, header: dict[str, Any]) -> Case:
    text = token({"alg": "EdDSA", "typ": "JWT", **header}, PAYLOAD)
    listed = [{"id": name, "publicKeyJwk": write_jwk(key)} for name, key in METHODS.items()]
    given = {"token": text, "issuer": DID, "methods": listed}
    try:
        method, _ = choose_key(read_compact(text), DID, METHODS)
    except Refusal as refusal:
        code = f"{refusal.step}.{refusal.code}"
        return attack(named(name), desc, **given, code=code)
    return case(name, desc, **given, method=method)

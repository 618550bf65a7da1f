"""Credentials of issuers who never heard of us, judged by the command over real connections."""

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import websites as web
from commands import ROOT, Desk, Said

from registry.core import suites
from registry.core.baked import bake
from registry.core.document import JsonObject
from registry.core.jose import sign_compact
from registry.core.status_list import StatusEntry, list_credential, make_bits
from registry.lifecycle.signing_key import Ed25519Signer

SIGNER = Ed25519Signer(bytes(range(32)))
LISTED_AT = 17
ACHIEVEMENT = {
    "id": "https://school.example.org/achievements/data",
    "type": ["Achievement"],
    "name": "Data Preparation",
    "description": "Cleans tabular data.",
    "criteria": {"narrative": "Hands in a clean data set."},
}


@dataclass(frozen=True)
class School:
    """An issuer by did:web on a server of its own, which publishes one status list."""

    folder: Path
    site: web.Site
    authority: Path
    desk: Desk

    @property
    def did(self) -> str:
        return f"did:web:localhost%3A{self.site.port}"

    @property
    def list_url(self) -> str:
        return f"https://localhost:{self.site.port}/status"

    def publish(self, *revoked: int) -> None:
        """Answer with the DID document, and at /status with the list as it stands now."""
        key = {"id": f"{self.did}#key", "type": "Multikey", "controller": self.did}
        key["publicKeyMultibase"] = SIGNER.public_key.multikey
        own = {"id": self.did, "verificationMethod": [key], "assertionMethod": [key["id"]]}
        listed = list_credential(
            url=self.list_url,
            issuer=self.did,
            purpose="revocation",
            bits=make_bits(100, revoked),
            valid_from=datetime(2026, 1, 1, tzinfo=UTC),
        )
        pages = {b"/.well-known/did.json": own, b"/status": self.signed(listed)}

        def answer(site: web.Site, connection: socket.socket) -> None:
            page = pages.get(site.requests[-1].split(b" ")[1])
            web.saying(json.dumps(page).encode())(site, connection)

        self.site.manner = answer

    def signed(self, document: JsonObject) -> JsonObject:
        options = {
            "type": suites.PROOF_TYPE,
            "cryptosuite": suites.RDFC_2022,
            "created": "2026-03-01T09:00:00Z",
            "verificationMethod": f"{self.did}#key",
            "proofPurpose": "assertionMethod",
        }
        return {**document, "proof": suites.sign(suites.Hashed(document), options, SIGNER)}

    def badge(self, **members: object) -> JsonObject:
        return {
            "@context": [
                "https://www.w3.org/ns/credentials/v2",
                "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
            ],
            "id": "urn:uuid:0d9e8f7a-4b6c-4d5e-8f3a-2b1c0d9e8f7a",
            "type": ["VerifiableCredential", "OpenBadgeCredential"],
            "name": "Data Preparation",
            "issuer": {"id": self.did, "type": ["Profile"], "name": "A school"},
            "validFrom": "2026-03-01T00:00:00Z",
            "credentialSubject": {
                "id": "did:example:ada",
                "type": ["AchievementSubject"],
                "achievement": ACHIEVEMENT,
            },
            **members,
        }

    def verify(self, data: bytes, *words: str, name: str = "badge.json") -> Said:
        file = self.folder / name
        file.write_bytes(data)
        usual = ("--accept-unanchored", "--allow-internal-hosts", "--json")
        return self.desk.run("verify", file, *(words or usual), SSL_CERT_FILE=str(self.authority))


@pytest.fixture
def school(tmp_path: Path) -> Iterator[School]:
    authority = web.Authority(tmp_path)
    trusted = tmp_path / "authority.pem"
    trusted.write_text(authority.pem)
    desk = Desk(tmp_path / "home", "http://127.0.0.1:9")
    with web.running("127.0.0.1", authority.server("localhost")) as site:
        found = School(tmp_path, site, trusted, desk)
        found.publish()
        yield found


def written(document: JsonObject) -> bytes:
    return json.dumps(document).encode()


def test_a_badge_by_did_web_rests_on_the_domain(school: School) -> None:
    said = school.verify(written(school.signed(school.badge())))
    assert said.status == 0, said.out + said.err
    (verdict,) = said.json["verdicts"]
    assert verdict["facts"]["issuer_known_by"] == "domain"


def test_without_being_asked_neither_inner_addresses_nor_unanchored_badges_are_taken(
    school: School,
) -> None:
    data = written(school.signed(school.badge()))
    guarded = school.verify(data, "--accept-unanchored", "--json")
    assert (guarded.status, guarded.json["verdicts"][0]["code"]) == (2, "signature.key_unresolved")
    assert school.site.connections == 0
    anchored_only = school.verify(data, "--allow-internal-hosts", "--json")
    assert anchored_only.json["verdicts"][0]["code"] == "inclusion.missing"


def test_the_issuers_list_revokes(school: School) -> None:
    entry = StatusEntry("revocation", LISTED_AT, school.list_url).as_document()
    data = written(school.signed(school.badge(credentialStatus=entry)))
    assert school.verify(data).status == 0
    school.publish(LISTED_AT)
    revoked = school.verify(data)
    assert (revoked.status, revoked.json["verdicts"][0]["code"]) == (1, "status.revoked")
    school.site.manner = web.saying(b"", "503 Service Unavailable")
    assert school.verify(data).status == 2


def test_a_token_and_a_picture_are_read_too(school: School) -> None:
    token = sign_compact(school.badge(), SIGNER, f"{school.did}#key").encode()
    assert school.verify(token, name="badge.jwt").status == 0
    picture = (ROOT / "scripts" / "cohort" / "badge.svg").read_bytes()
    assert school.verify(bake(picture, token), name="badge.svg").status == 0
    signed = bake(picture, written(school.signed(school.badge())))
    assert school.verify(signed, name="signed.svg").status == 0
    assert school.verify(picture, name="plain.svg").json["verdicts"][0]["code"] == (
        "format.malformed"
    )


def test_whose_it_is_can_be_asked(school: School) -> None:
    data = written(school.signed(school.badge()))
    usual = ("--accept-unanchored", "--allow-internal-hosts", "--json", "--recipient")
    assert school.verify(data, *usual, "did:example:ada").status == 0
    assert school.verify(data, *usual, "did:example:grace").status == 1

"""`bake`, `unbake` and `export` with pictures: the credential comes out as it went in."""

import json
import zlib
from base64 import b64encode
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest
from commands import ROOT, Desk
from hypothesis import given
from hypothesis import strategies as st
from installations import ACHIEVEMENT, House

from registry.core.baked import unbake
from registry.core.errors import Refusal
from registry.lifecycle.awards import Award, Recipient, Row
from registry.lifecycle.export import Exporter, write_credentials
from registry.lifecycle.pictures import Pictures, own_image

CREDENTIAL: Final = {
    "@context": ["https://www.w3.org/ns/credentials/v2"],
    "type": ["VerifiableCredential"],
    "issuer": "did:example:school",
    "credentialSubject": {"id": "did:example:ada"},
    "name": "Zoë ☃ ]]> & <b>",
}
WRITTEN: Final = json.dumps(CREDENTIAL, ensure_ascii=False, indent=2).encode() + b"\n"
JWS: Final = b"eyJhbGciOiJFZERTQSJ9.eyJuYW1lIjoiYSJ9.c2ln-_"
SVG: Final = (ROOT / "scripts/cohort/badge.svg").read_bytes()
OB2: Final = (
    b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:o="http://openbadges.org">'
    b'<o:assertion verify="https://old.example.org/assertions/1"/></svg>'
)


def chunk(kind: bytes, data: bytes = b"") -> bytes:
    body = kind + data
    return len(data).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")


PNG: Final = b"".join(
    (
        b"\x89PNG\r\n\x1a\n",
        chunk(b"IHDR", bytes.fromhex("00000001000000010800000000")),
        chunk(b"IDAT", zlib.compress(b"\0\x7f")),
        chunk(b"IEND"),
    )
)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A place that has no registry, no node and no keys."""
    for name, data in (("c.json", WRITTEN), ("c.jws", JWS + b"\n"), ("a.svg", SVG), ("a.png", PNG)):
        (tmp_path / name).write_bytes(data)
    return Desk(tmp_path / "home", "http://127.0.0.1:9")


def test_a_credential_comes_out_of_a_png_byte_for_byte(desk: Desk, tmp_path: Path) -> None:
    said = desk.run("bake", "c.json", "a.png", "-o", "baked.png", "--json")
    size = (tmp_path / "baked.png").stat().st_size
    assert (said.status, said.json) == (0, {"file": "baked.png", "bytes": size})
    said = desk.run("unbake", "baked.png", "-o", "again.json", "--json")
    told = {"version": "3.0", "form": "json", "file": "again.json"}
    assert (said.status, said.json) == (0, told)
    assert (tmp_path / "again.json").read_bytes() == WRITTEN
    assert (tmp_path / "a.png").read_bytes() == PNG


def test_a_credential_comes_out_of_an_svg_with_every_value(desk: Desk, tmp_path: Path) -> None:
    assert desk.run("bake", "c.json", "a.svg", "-o", "a.svg").status == 0
    said = desk.run("unbake", "a.svg")
    assert (said.status, json.loads(said.out)) == (0, CREDENTIAL)
    assert said.out == unbake((tmp_path / "a.svg").read_bytes()).text
    assert "Open Badges 3.0, json" in said.err
    assert not list(tmp_path.glob("*.part"))


def test_a_compact_jws_is_baked_without_the_line_end_of_its_file(desk: Desk) -> None:
    assert desk.run("bake", "c.jws", "a.png", "-o", "b.png").status == 0
    said = desk.run("unbake", "b.png", "--json")
    assert said.json == {"version": "3.0", "form": "jws", "text": JWS.decode()}


def test_a_picture_of_open_badges_2_gives_what_it_carries(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "old.svg").write_bytes(OB2)
    said = desk.run("unbake", "old.svg")
    assert (said.status, said.out) == (0, "https://old.example.org/assertions/1")
    assert "Open Badges 2.0, url" in said.err


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (b"", "neither a PNG nor an SVG"),
        (b"GIF89a", "neither a PNG nor an SVG"),
        (PNG, "no credential is baked into"),
        (SVG, "no credential is baked into"),
        (PNG[:-2], "ends within the chunk"),
        (PNG + b"x" * (9 << 20), "more than 8388608 bytes"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]>' + SVG, "a document type with declarations"),
    ],
)
def test_a_bad_picture_is_told_and_refused(
    desk: Desk, tmp_path: Path, image: bytes, reason: str
) -> None:
    (tmp_path / "bad").write_bytes(image)
    said = desk.run("unbake", "bad", "-o", "out")
    assert (said.status, said.out) == (1, "")
    assert said.err.startswith("credroot: bad: ")
    assert reason in said.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "status", "reason"),
    [
        (("c.json", "bad", "-o", "out"), 1, "bad: neither a PNG nor an SVG"),
        (("bad", "a.svg", "-o", "out"), 1, "bad: not JSON"),
        (("empty.json", "a.svg", "-o", "out"), 1, "empty.json: "),
        (("c.json", "nowhere.svg", "-o", "out"), 64, "No such file"),
        (("c.json", "a.svg", "-o", "nowhere/out"), 64, "No such file"),
        (("c.json", "a.svg"), 64, "--output"),
    ],
)
def test_what_cannot_be_baked_is_told(
    desk: Desk, tmp_path: Path, words: tuple[str, ...], status: int, reason: str
) -> None:
    (tmp_path / "bad").write_bytes(b"GIF89a")
    (tmp_path / "empty.json").write_bytes(b"{}")
    said = desk.run("bake", *words)
    assert (said.status, said.out, "Traceback" in said.err) == (status, "", False)
    assert reason in said.err
    assert not (tmp_path / "out").exists()


# ---- Exported pictures ---------------------------------------------------------------------------


def exported(house: House, folder: Path, pictures: Pictures) -> list[tuple[Path, Path | None]]:
    exporter = Exporter(house.issuance(), house.account)
    stored = house.issuance().credentials()
    written = write_credentials(exporter, stored, folder, unanchored=True, pictures=pictures)
    return [(item.file, item.picture) for item in written if item.file]


@pytest.mark.parametrize(("image", "ending"), [(SVG, ".svg"), (PNG, ".png")])
def test_an_exported_picture_carries_the_credential_beside_it(
    house: House, tmp_path: Path, image: bytes, ending: str
) -> None:
    house.issue(["ada", "ben"])
    house.settle()
    pairs = exported(house, tmp_path / "out", Pictures(own=False, given=image))
    assert len(pairs) == 2
    for file, picture in pairs:
        assert picture == file.with_suffix(ending)
        document = json.loads(file.read_text())
        assert json.loads(unbake(picture.read_bytes()).text) == document
        assert document["proof"][-1]["cryptosuite"] == "evm-merkle-2026"


def with_image(iri: str, name: str) -> dict[str, Any]:
    image = {"id": iri, "type": "Image"}
    return {**ACHIEVEMENT, "id": f"urn:a:{name}", "name": name, "image": image}


def data_uri(image: bytes, kind: str) -> str:
    return f"data:{kind};base64,{b64encode(image).decode()}"


def test_an_achievements_own_image_is_used_where_it_stands_in_it(
    house: House, tmp_path: Path
) -> None:
    house.issue(["ada"])
    rows: list[Row] = []
    for iri, name in (
        (data_uri(PNG, "image/png"), "inside"),
        ("https://school.example.org/badge.png", "outside"),
    ):
        house.issuance().add_achievement(with_image(iri, name), 1)
        award = Award(Recipient(name, "systemId"), f"urn:a:{name}", "2026-06-30T00:00:00Z")
        rows.append((1, award))
    assert house.issue_rows(rows).issued == 2

    def endings(given: bytes | None) -> list[str | None]:
        pairs = exported(house, tmp_path / "out", Pictures(own=True, given=given))
        return [picture.suffix if picture else None for _, picture in pairs]

    assert endings(None) == [None, ".png", None]
    assert endings(SVG) == [".svg", ".png", ".svg"]


def test_an_own_image_is_read_however_its_uri_is_written() -> None:
    for iri in (
        data_uri(SVG, "image/svg+xml"),
        data_uri(SVG, "image/svg+xml;charset=utf-8").replace("data:", "DATA:"),
        f"data:image/svg+xml,{quote(SVG)}",
        f"data:,{quote(SVG)}",
    ):
        assert own_image(with_image(iri, "a")) == SVG
    assert own_image(ACHIEVEMENT) is None
    assert own_image({**ACHIEVEMENT, "image": data_uri(PNG, "image/png")}) == PNG


@pytest.mark.parametrize(
    "iri", ["data:image/png;base64", "data:image/png;base64,x", "data:;base64,%%"]
)
def test_a_data_uri_that_is_none_is_refused(iri: str) -> None:
    with pytest.raises(Refusal, match="not a data URI") as refused:
        own_image(with_image(iri, "a"))
    assert (refused.value.step, refused.value.code) == ("format", "malformed")


@given(st.binary(max_size=64))
def test_any_bytes_come_back_from_a_data_uri(data: bytes) -> None:
    assert own_image(with_image(data_uri(data, "image/png"), "a")) == data
    assert own_image(with_image(f"data:image/png,{quote(data)}", "a")) == data

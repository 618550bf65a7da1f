"""Baked badges: what is put in comes out, nothing else of the picture changes, and every file that
is broken, ambiguous or made to exhaust a reader is refused with its code."""

import json
import re
import time
import tracemalloc
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.core.baked import (
    MAX_NAMESPACE_CHARACTERS,
    MAX_PNG_BYTES,
    MAX_PNG_CHUNKS,
    MAX_SVG_BYTES,
    MAX_SVG_NESTING,
    Baked,
    bake_png,
    bake_svg,
    unbake,
    unbake_png,
    unbake_svg,
)
from registry.core.document import MAX_DOCUMENT_BYTES
from registry.core.errors import Refusal

from .i_json import TEXTS

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CREDENTIAL = '{"name":"Zoë ☃ 🎓 ]]> \\" \' < & >","list":[[1,2]]}'
OTHER = '{"name":"another"}'
JWS = "eyJhbGciOiJFZERTQSJ9.eyJuYW1lIjoiYSJ9.c2ln-_"
OB3 = "https://purl.imsglobal.org/ob/v3p0"
OB2 = "http://openbadges.org"
SVG_OPEN = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8">'
PICTURE = (
    f'<?xml version="1.0" encoding="UTF-8"?>\n{SVG_OPEN}\n  <path d="M0 0h8"/>\n</svg>\n'.encode()
)


def chunk(kind: bytes, data: bytes = b"") -> bytes:
    body = kind + data
    return len(data).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")


HEADER = chunk(b"IHDR", bytes.fromhex("00000001000000010800000000"))
DATA = chunk(b"IDAT", zlib.compress(b"\0\x7f"))
END = chunk(b"IEND")


def png(*extra: bytes, after: tuple[bytes, ...] = ()) -> bytes:
    """One grey dot, with chunks before and after its data."""
    return b"".join((SIGNATURE, HEADER, *extra, DATA, *after, END))


def itxt(
    text: bytes,
    keyword: bytes = b"openbadgecredential",
    flag: bytes = b"\0",
    method: bytes = b"\0",
    names: bytes = b"\0\0",
) -> bytes:
    return chunk(b"iTXt", keyword + b"\0" + flag + method + names + text)


def svg(body: str, attributes: str = "") -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg"{attributes}>{body}</svg>'.encode()


def ob3(inner: str, attributes: str = "") -> str:
    return f'<o:credential xmlns:o="{OB3}"{attributes}>{inner}</o:credential>'


def ob2(inner: str, attributes: str = "") -> str:
    return f'<o:assertion xmlns:o="{OB2}"{attributes}>{inner}</o:assertion>'


def code_of(data: bytes) -> str:
    with pytest.raises(Refusal) as refused:
        unbake(data)
    return f"{refused.value.step}.{refused.value.code}"


texts = st.one_of(
    TEXTS,
    st.lists(st.sampled_from(["]", "]]>", ">", "<![CDATA[", '"', "'", "\\", "&amp;"])).map("".join),
)
credentials = st.dictionaries(texts, st.one_of(texts, st.lists(texts), st.integers(-9, 9)))
written = st.builds(
    lambda value, plain, indent: json.dumps(value, ensure_ascii=plain, indent=indent),
    credentials,
    st.booleans(),
    st.sampled_from([None, 2, "\t"]),
)
ancillary = st.builds(
    chunk,
    st.sampled_from([b"tEXt", b"zTXt", b"iTXt", b"gAMA", b"puRe", b"tIME", b"caNv"]),
    # What carries a credential does not stay: the keyword alone would be enough.
    st.binary(max_size=60).filter(lambda data: not data.startswith(b"openbadge")),
)
surroundings = st.lists(ancillary, max_size=6)


@given(before=surroundings, after=surroundings, text=written)
def test_a_credential_comes_back_from_any_png_which_is_otherwise_unchanged(
    before: list[bytes], after: list[bytes], text: str
) -> None:
    image = png(*before, after=tuple(after))
    baked = bake_png(image, text)

    assert unbake(baked) == Baked("3.0", "json", text)
    assert baked.replace(itxt(text.encode()), b"", 1) == image


@given(before=surroundings, first=written, second=written)
def test_baking_a_png_again_replaces_the_credential(
    before: list[bytes], first: str, second: str
) -> None:
    image = png(*before)

    assert bake_png(bake_png(image, first), second.encode()) == bake_png(image, second)


def test_a_baked_png_replaces_credentials_of_every_version_and_kind() -> None:
    foreign = png(
        itxt(b"{}", b"openbadges"), chunk(b"tEXt", b"openbadges\0https://a.example"), itxt(b"{}")
    )

    assert bake_png(foreign, CREDENTIAL) == bake_png(png(), CREDENTIAL)


def test_the_chunk_has_the_fields_of_the_specification_and_follows_the_header() -> None:
    data = b"openbadgecredential\0\0\0\0\0" + JWS.encode()

    assert bake_png(png(), JWS) == SIGNATURE + HEADER + chunk(b"iTXt", data) + DATA + END
    assert unbake(bake_png(png(), JWS)) == Baked("3.0", "jws", JWS)


def test_a_png_of_another_writer_is_read_with_its_language_fields() -> None:
    baked = png(after=(itxt(CREDENTIAL.encode(), names=b"en-GB\0Zertifikat\0"),))

    assert unbake_png(baked) == Baked("3.0", "json", CREDENTIAL)


def test_compressed_text_is_read() -> None:
    baked = png(itxt(zlib.compress(CREDENTIAL.encode()), flag=b"\1"))

    assert unbake(baked) == Baked("3.0", "json", CREDENTIAL)


@pytest.mark.parametrize(
    ("text", "form"),
    [('{"type":"Assertion"}', "json"), (JWS, "jws"), ("https://a.example/1", "url")],
)
def test_version_two_is_read_from_a_png_and_named(text: str, form: Any) -> None:
    assert unbake(png(itxt(text.encode(), b"openbadges"))) == Baked("2.0", form, text)


def test_the_address_of_version_one_is_read_from_a_png_and_named() -> None:
    baked = png(chunk(b"tEXt", b"openbadges\0https://a.example/1"))

    assert unbake(baked) == Baked("1.0", "url", "https://a.example/1")


@pytest.mark.parametrize("around", ["{}\n", "\r\n{}", " \t{} "])
def test_white_space_around_a_jws_is_no_part_of_it(around: str) -> None:
    text = around.replace("{}", JWS)
    assert unbake(png(itxt(text.encode()))) == Baked("3.0", "jws", JWS)
    assert unbake(svg(ob3("", f' verify="{text}"'))) == Baked("3.0", "jws", JWS)


BOMB = zlib.compress(b'{"a":"' + b"a" * (64 << 20) + b'"}')
TEXT = itxt(b"{}")
LONG = b'{"a":"' + b"a" * MAX_DOCUMENT_BYTES + b'"}'
BAD_PNGS = {
    "nothing baked in": (png(), "malformed"),
    "nothing at all": (b"", "malformed"),
    "another kind of picture": (b"GIF89a", "malformed"),
    "the signature alone": (SIGNATURE, "malformed"),
    "a signature cut short": (png(TEXT)[:7], "malformed"),
    "the end missing": (png(TEXT)[: -len(END)], "malformed"),
    "the last byte missing": (png(TEXT)[:-1], "malformed"),
    "a byte after the end": (png(TEXT) + b"\0", "malformed"),
    "a credential after the end": (png() + TEXT, "malformed"),
    "a second picture after the end": (png(TEXT) + png(), "malformed"),
    "an end that is not empty": (png(TEXT)[: -len(END)] + chunk(b"IEND", b"\0"), "malformed"),
    "the header in second place": (SIGNATURE + TEXT + HEADER + DATA + END, "malformed"),
    "no header": (SIGNATURE + TEXT + DATA + END, "malformed"),
    "two headers": (png(HEADER, TEXT), "malformed"),
    "a short header": (SIGNATURE + chunk(b"IHDR", bytes(12)) + TEXT + DATA + END, "malformed"),
    "no picture": (SIGNATURE + HEADER + TEXT + END, "malformed"),
    "a type that is not letters": (png(TEXT, chunk(b"te\0t")), "malformed"),
    "a length beyond the file": (png(b"\xff\xff\xff\xff" + TEXT[4:]), "malformed"),
    "two credentials": (png(TEXT, TEXT), "ambiguous"),
    "two credentials apart": (png(TEXT, after=(itxt(b'{"a":1}'),)), "ambiguous"),
    "versions two and three": (png(TEXT, itxt(b"{}", b"openbadges")), "ambiguous"),
    "versions one and three": (png(TEXT, chunk(b"tEXt", b"openbadges\0http://a")), "ambiguous"),
    "version one as JSON": (png(chunk(b"tEXt", b"openbadges\0{}")), "malformed"),
    "version one signed": (png(chunk(b"tEXt", b"openbadges\0" + JWS.encode())), "malformed"),
    "an address of version three in tEXt": (
        png(chunk(b"tEXt", b"openbadgecredential\0https://a.example")),
        "malformed",
    ),
    "version three in tEXt": (png(chunk(b"tEXt", b"openbadgecredential\0{}")), "malformed"),
    "version two in zTXt": (
        png(chunk(b"zTXt", b"openbadges\0\0" + zlib.compress(b"{}"))),
        "malformed",
    ),
    "version three as an address": (png(itxt(b"https://a.example/1")), "malformed"),
    "version two as a file's address": (png(itxt(b"file:///a", b"openbadges")), "malformed"),
    "an empty text": (png(itxt(b"")), "malformed"),
    "a text of another kind": (png(itxt(b"hello")), "malformed"),
    "a JSON array": (png(itxt(b"[]")), "malformed"),
    "a JWS and more": (png(itxt(JWS.encode() + b"\n.")), "malformed"),
    "a JWS with a space inside": (png(itxt(JWS.replace(".", ". ").encode())), "malformed"),
    "a text that is not UTF-8": (png(itxt(b'{"a":"\xff"}')), "malformed"),
    "a keyword alone": (png(chunk(b"iTXt", b"openbadgecredential")), "malformed"),
    "fields cut short": (png(chunk(b"iTXt", b"openbadgecredential\0\0\0en")), "malformed"),
    "another compression flag": (png(itxt(zlib.compress(b"{}"), flag=b"\2")), "malformed"),
    "another compression method": (png(itxt(b"{}", method=b"\1")), "malformed"),
    "compressed text that is none": (png(itxt(b"{}", flag=b"\1")), "malformed"),
    "compressed text cut short": (png(itxt(zlib.compress(b"{}")[:-1], flag=b"\1")), "malformed"),
    "compressed text and more": (png(itxt(zlib.compress(b"{}") + b"0", flag=b"\1")), "malformed"),
    "a zlib bomb": (png(itxt(BOMB, flag=b"\1")), "too_large"),
    "a text too large": (png(itxt(LONG)), "too_large"),
    "too many chunks": (png(TEXT, *[chunk(b"puRe")] * MAX_PNG_CHUNKS), "too_large"),
    "too many bytes": (png(TEXT, chunk(b"puRe", bytes(MAX_PNG_BYTES))), "too_large"),
}


@pytest.mark.parametrize(("image", "code"), BAD_PNGS.values(), ids=BAD_PNGS)
def test_a_bad_png_is_refused_with_its_code(image: bytes, code: str) -> None:
    assert code_of(image) == f"format.{code}"


def test_every_change_of_a_byte_of_the_credentials_chunk_is_refused() -> None:
    baked = bake_png(png(), OTHER)
    start = len(SIGNATURE + HEADER)
    for at in range(start, start + len(itxt(OTHER.encode()))):
        for change in range(1, 256):
            broken = baked[:at] + bytes([baked[at] ^ change]) + baked[at + 1 :]
            with pytest.raises(Refusal, match=r"^format\.malformed"):
                unbake_png(broken)


@given(at=st.integers(0, 10_000), change=st.integers(1, 255))
def test_every_change_of_a_byte_anywhere_in_a_baked_png_is_refused(at: int, change: int) -> None:
    baked = bytearray(bake_png(png(chunk(b"tEXt", b"Title\0a")), CREDENTIAL))
    baked[at % len(baked)] ^= change

    assert code_of(bytes(baked)) == "format.malformed"


def test_a_zlib_bomb_is_refused_in_bounded_memory() -> None:
    image = png(itxt(BOMB, flag=b"\1"))

    assert peak_of(image) < 4 * MAX_DOCUMENT_BYTES


def test_a_png_as_large_as_is_read_can_be_full_of_chunks_but_not_of_one_more() -> None:
    full = png(*[chunk(b"puRe")] * (MAX_PNG_CHUNKS - 4))

    assert unbake(bake_png(full, OTHER)).text == OTHER
    with pytest.raises(Refusal, match="too_large"):
        bake_png(png(*[chunk(b"puRe")] * (MAX_PNG_CHUNKS - 3)), OTHER)


def test_no_png_is_written_that_is_too_large_to_be_read() -> None:
    frame = len(png()) + len(chunk(b"puRe"))
    image = png(chunk(b"puRe", bytes(MAX_PNG_BYTES - frame)))

    with pytest.raises(Refusal, match="too_large"):
        bake_png(image, OTHER)


BAD_CREDENTIALS: dict[str, tuple[bytes | str, str]] = {
    "no JSON": ("hello", "malformed"),
    "an array": ("[]", "malformed"),
    "a key twice": ('{"a":1,"a":2}', "malformed"),
    "nothing": ("", "malformed"),
    "an address": ("https://a.example/1", "malformed"),
    "bytes that are not UTF-8": (b'{"a":"\xff"}', "malformed"),
    "a lone surrogate": ('{"a":"\ud800"}', "malformed"),
    "a JWS and more": (JWS + "\n", "malformed"),
    "nested too deep": ('{"a":' + "[" * 64 + "]" * 64 + "}", "too_deep"),
    "too large": (LONG, "too_large"),
    "a JWS too large": (JWS + "a" * MAX_DOCUMENT_BYTES, "too_large"),
}


@pytest.mark.parametrize(("credential", "code"), BAD_CREDENTIALS.values(), ids=BAD_CREDENTIALS)
def test_what_is_no_credential_is_not_baked(credential: bytes | str, code: str) -> None:
    for bake, image in ((bake_png, png()), (bake_svg, PICTURE)):
        with pytest.raises(Refusal, match=rf"^format\.{code}:"):
            bake(image, credential)


@given(text=written)
def test_a_credential_comes_back_from_an_svg(text: str) -> None:
    baked = unbake(bake_svg(PICTURE, text))

    assert (baked.version, baked.form) == ("3.0", "json")
    assert json.loads(baked.text) == json.loads(text)
    if "]]>" not in text:
        assert baked.text == text


@given(text=written)
def test_a_reader_that_looks_for_the_first_cdata_section_finds_the_same_credential(
    text: str,
) -> None:
    found = re.search(r"<!\[CDATA\[(.*?)\]\]>", bake_svg(PICTURE, text).decode(), re.DOTALL)

    assert found is not None
    assert json.loads(found[1]) == json.loads(text)


def test_an_svg_keeps_every_byte_around_the_credential() -> None:
    baked = bake_svg(PICTURE, OTHER).decode()
    opened = SVG_OPEN.replace(">", f' xmlns:openbadges="{OB3}">')
    element = f"<openbadges:credential><![CDATA[{OTHER}]]></openbadges:credential>"

    assert baked == PICTURE.decode().replace(SVG_OPEN, opened + element)


def test_a_jws_stands_in_the_verify_attribute() -> None:
    baked = bake_svg(PICTURE, JWS)

    assert f'<openbadges:credential verify="{JWS}"></openbadges:credential>'.encode() in baked
    assert unbake(baked) == Baked("3.0", "jws", JWS)


PUBLIC_TYPE = (
    '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN"\n'
    '  "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">'
)
DOCTYPES = {
    "its name alone": "<!DOCTYPE svg>",
    "its name and space": "<!DOCTYPE\nsvg\t>",
    "where it is": "<!DOCTYPE svg SYSTEM 'https://a.example/[x]>.dtd'>",
    "its public name": PUBLIC_TYPE,
    "behind all that may stand before": (
        '<?xml version="1.0"?>\n<!-- <!DOCTYPE svg [ -->\n<?x <!DOCTYPE y> ?>'
        f"{PUBLIC_TYPE}<!-- -->\n"
    ),
    "behind a byte order mark": f"\ufeff{PUBLIC_TYPE}",
}


@pytest.mark.parametrize("doctype", DOCTYPES.values(), ids=DOCTYPES)
def test_a_document_type_that_only_names_itself_is_passed_over_and_kept(doctype: str) -> None:
    """Drawing programs write it; nothing is fetched, and no entity is known by it."""
    before, image = doctype.encode(), svg("<g/>")
    assert bake_svg(before + image, OTHER) == before + bake_svg(image, OTHER)
    assert unbake(bake_svg(before + image, JWS)) == Baked("3.0", "jws", JWS)
    for place in ("&nbsp;", ob3("&nbsp;{}"), ob3("", f' verify="&nbsp;{JWS}"'), '<g a="&nbsp;"/>'):
        with pytest.raises(Refusal, match="undefined entity"):
            unbake(before + svg(ob3("{}") + place))


def test_what_is_told_of_a_document_type_is_a_sentence() -> None:
    for image in (BILLION_LAUGHS, EXTERNAL, QUADRATIC):
        with pytest.raises(Refusal, match="a document type with declarations of its own") as told:
            unbake(image)
        assert not re.search(r"[A-Z][a-z]+\(|None|DTDForbidden", told.value.detail)


def test_a_prolog_made_to_be_looked_through_often_is_read_in_a_moment() -> None:
    started = time.monotonic()
    for part in ("<!-- -->", "<?x ?>", " ", "<!--", "<?", "<!DOCTYPE a "):
        image = (part * (MAX_SVG_BYTES // len(part))).encode()
        assert code_of(image) == "format.malformed"
    assert time.monotonic() - started < 4


PICTURES = {
    "a byte order mark": b"\xef\xbb\xbf" + PICTURE,
    "space before the root": b"\n \t" + svg("<g/>"),
    "a comment that looks like a root": b"<!-- <svg> -->" + svg("<g/>"),
    "an instruction that looks like a root": b"<?x <svg> ?>" + svg("<g/>"),
    "brackets and quotes in attributes": svg("<g/>", ' a=">" b=\'"/>\' c="/"'),
    "space within tags": b'<svg\n xmlns = "http://www.w3.org/2000/svg"\r\n ><g\n/></svg\n>',
    "an empty root": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "an empty root with a prefix": b'<s:svg xmlns:s="http://www.w3.org/2000/svg" />',
    "a root with a prefix": b'<s:svg xmlns:s="http://www.w3.org/2000/svg"><s:g/></s:svg>',
    "the prefix already bound": svg("<g/>", f' xmlns:openbadges="{OB3}"'),
    "the prefix bound to version two": svg("<g/>", f' xmlns:openbadges="{OB2}"'),
    "the prefix bound further down": svg('<g xmlns:openbadges="urn:x"/>'),
    "text that is not ASCII": svg("<text>Zoë ☃ 🎓 &amp; &#65;</text>"),
    "a credential in a comment": svg(f"<!--{ob3('{}')}-->"),
    "a credential in CDATA": svg(f"<style><![CDATA[{ob3('{}')}]]></style>"),
    "a credential in no namespace": svg("<credential>{}</credential>"),
}


@pytest.mark.parametrize("image", PICTURES.values(), ids=PICTURES)
@pytest.mark.parametrize("credential", [CREDENTIAL, JWS])
def test_a_credential_comes_back_from_every_way_to_write_an_svg(
    image: bytes, credential: str
) -> None:
    once = bake_svg(image, OTHER)
    twice = bake_svg(once, credential)

    assert json_or_jws(unbake(twice).text) == json_or_jws(credential)
    assert twice == bake_svg(image, credential)
    assert code_of(image) == "format.malformed"


def json_or_jws(text: str) -> Any:
    return json.loads(text) if text.startswith("{") else text


def test_baking_an_svg_again_takes_out_every_credential_and_nothing_else() -> None:
    old = ob3("{}") + "<a/>" + ob2("", f' verify="{JWS}"') + "<b/>" + ob3(ob3("<x/>"))
    empty = f'<o:credential xmlns:o="{OB3}" verify="/>"/>'

    assert bake_svg(svg(old + empty + "<c/>"), OTHER) == bake_svg(svg("<a/><b/><c/>"), OTHER)


READ_SVGS = {
    "as the specification shows it": (
        svg(ob3("\n  <![CDATA[\n  {}\n  ]]>\n") + "\n"),
        ("3.0", "json", "{}"),
    ),
    "escaped instead of wrapped": (
        svg(ob3("{&quot;a&quot;:&#34;&lt;&#34;}")),
        ("3.0", "json", '{"a":"<"}'),
    ),
    "in two CDATA sections": (
        svg(ob3('<![CDATA[{"a":"]]]]><![CDATA[>"}]]>')),
        ("3.0", "json", '{"a":"]]>"}'),
    ),
    "at the end": (svg("<g/>" + ob3("{}")), ("3.0", "json", "{}")),
    "deep below": (svg(f"<g><g>{ob3('{}')}</g></g>"), ("3.0", "json", "{}")),
    "a body beside an empty attribute": (svg(ob3("{}", ' verify=" "')), ("3.0", "json", "{}")),
    "a JWS and white space": (svg(ob3("\n", f' verify="{JWS}"')), ("3.0", "jws", JWS)),
    "version two, signed": (svg(ob2("", f' verify="{JWS}"')), ("2.0", "jws", JWS)),
    "version two, hosted": (
        svg(ob2('<![CDATA[{"type":"Assertion"}]]>', ' verify="https://a.example/1"')),
        ("2.0", "json", '{"type":"Assertion"}'),
    ),
    "version two, an address": (
        svg(ob2("", ' verify="https://a.example/1"')),
        ("2.0", "url", "https://a.example/1"),
    ),
}


@pytest.mark.parametrize(("image", "expected"), READ_SVGS.values(), ids=READ_SVGS)
def test_an_svg_of_another_writer_is_read(image: bytes, expected: tuple[Any, Any, str]) -> None:
    assert unbake(image) == Baked(*expected)


LAUGHS = "".join(f'<!ENTITY l{i + 1} "{f"&l{i};" * 10}">' for i in range(12))
BILLION_LAUGHS = f'<!DOCTYPE svg [<!ENTITY l0 "ha">{LAUGHS}]>'.encode() + svg(
    ob3("{}") + "<text>&l12;</text>"
)
QUADRATIC = f'<!DOCTYPE svg [<!ENTITY a "{"a" * 50_000}">]>'.encode() + svg(
    ob3("{}") + "&a;" * 50_000
)
EXTERNAL = b'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + svg(ob3("&x;"))
LONG_NAMESPACE = svg(
    ob3("{}") + "".join(f"<a{i}/>" for i in range(60_000)), f' xmlns:a="{"u" * 1_000_000}"'
)
BAD_SVGS = {
    "nothing baked in": (PICTURE, "malformed"),
    "markup that is no XML": (b"<svg", "malformed"),
    "HTML": (b"<!doctype html><html></html>", "malformed"),
    "another root": (f"<html>{ob3('{}')}</html>".encode(), "malformed"),
    "a root of no namespace": (f"<svg>{ob3('{}')}</svg>".encode(), "malformed"),
    "a tag left open": (svg(ob3("{}") + "<g>"), "malformed"),
    "something after the root": (svg(ob3("{}")) + b"<svg/>", "malformed"),
    "an entity of nobody": (svg(ob3("{}") + "&foo;"), "malformed"),
    "an attribute twice": (svg(ob3("", f' verify="{JWS}" verify="{JWS}"')), "malformed"),
    "a prefix of nobody": (svg("<openbadges:credential>{}</openbadges:credential>"), "malformed"),
    "a NUL": (svg(ob3("{}") + "\0"), "malformed"),
    "bytes that are not UTF-8": (svg(ob3("{}")).replace(b"{}", b'{"a":"\xff"}'), "malformed"),
    "UTF-16": (svg(ob3("{}")).decode().encode("utf-16"), "malformed"),
    "another declared encoding": (
        b'<?xml version="1.0" encoding="ISO-8859-1"?>' + svg(ob3("{}")),
        "malformed",
    ),
    **{
        f"a document type {name}": (doctype + svg(ob3("{}")), "malformed")
        for name, doctype in {
            "with declarations": b'<!DOCTYPE svg [<!ATTLIST g a CDATA "b">]>',
            "with none, in brackets": b"<!DOCTYPE svg []>",
            "elsewhere and with declarations": b"<!DOCTYPE svg SYSTEM 'a' [<!ELEMENT g ANY>]>",
            "with a parameter entity": b"<!DOCTYPE svg [<!ENTITY % x SYSTEM 'http://a'>%x;]>",
            "given twice": b"<!DOCTYPE svg><!DOCTYPE svg>",
            "in small letters": b"<!doctype svg>",
            "with a public name alone": b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN">',
            "without a name": b"<!DOCTYPE>",
            "left open": b"<!DOCTYPE svg ",
        }.items()
    },
    "a document type behind the root's start": (
        svg("<!DOCTYPE svg>" + ob3("{}")),
        "malformed",
    ),
    "a billion laughs": (BILLION_LAUGHS, "malformed"),
    "a long entity often": (QUADRATIC, "malformed"),
    "an external entity": (EXTERNAL, "malformed"),
    "two credentials": (svg(ob3("{}") + ob3("{}")), "ambiguous"),
    "versions two and three": (svg(ob3("{}") + ob2("{}")), "ambiguous"),
    "a body and a JWS": (svg(ob3("{}", f' verify="{JWS}"')), "ambiguous"),
    "a body and an address": (svg(ob3("{}", ' verify="https://a.example"')), "ambiguous"),
    "a credential inside a credential": (svg(ob3("{}" + ob3("{}"))), "malformed"),
    "an element inside the credential": (svg(ob3("{}<g/>")), "malformed"),
    "an empty element": (svg(ob3("")), "malformed"),
    "an empty attribute": (svg(ob3("", ' verify=""')), "malformed"),
    "a JWS in the body": (svg(ob3(JWS)), "malformed"),
    "JSON in the attribute": (svg(ob3("", " verify='{}'")), "malformed"),
    "an address in the attribute": (svg(ob3("", " verify='https://a.example/1'")), "malformed"),
    "a JWS in an attribute of another namespace": (
        svg(ob3("", f' o:verify="{JWS}"')),
        "malformed",
    ),
    "a namespace too long": (
        svg(ob3("{}"), f' xmlns:a="{"u" * (MAX_NAMESPACE_CHARACTERS + 1)}"'),
        "too_large",
    ),
    "a text too large": (svg(ob3(LONG.decode())), "too_large"),
    "too many bytes": (svg(ob3("{}") + " " * MAX_SVG_BYTES), "too_large"),
    "nested too deep": (
        svg("<g>" * (MAX_SVG_NESTING - 1) + ob3("{}") + "</g>" * (MAX_SVG_NESTING - 1)),
        "too_deep",
    ),
}


@pytest.mark.parametrize(("image", "code"), BAD_SVGS.values(), ids=BAD_SVGS)
def test_a_bad_svg_is_refused_with_its_code(image: bytes, code: str) -> None:
    assert code_of(image) == f"format.{code}"


def test_the_deepest_svg_that_is_read_and_the_longest_namespace_are_read() -> None:
    deep = MAX_SVG_NESTING - 2
    image = svg(
        "<g>" * deep + ob3("{}") + "</g>" * deep, f' xmlns:a="{"u" * MAX_NAMESPACE_CHARACTERS}"'
    )

    assert unbake(image).text == "{}"


def test_a_bad_svg_is_not_baked_over() -> None:
    for image in (BILLION_LAUGHS, EXTERNAL, b"<svg", b"", svg("").decode().encode("utf-16"), png()):
        with pytest.raises(Refusal, match=r"^format\.malformed"):
            bake_svg(image, OTHER)
    with pytest.raises(Refusal, match=r"^format\.malformed"):
        bake_png(PICTURE, OTHER)


def test_no_svg_is_written_that_is_too_large_to_be_read() -> None:
    image = svg(" " * (MAX_SVG_BYTES - len(svg(""))))

    with pytest.raises(Refusal, match="too_large"):
        bake_svg(image, OTHER)


ROOM = MAX_SVG_BYTES - 200
MANY_ATTRIBUTES = "".join(f' a:b{i}=""' for i in range(ROOM // 13))
HUNGRY = {
    "a billion laughs": BILLION_LAUGHS,
    "a long entity often": QUADRATIC,
    "a long namespace before many names": LONG_NAMESPACE,
    "many elements": svg(ob3("{}") + ob3("{}") + "<a/>" * (ROOM // 5)),
    "many names": svg("".join(f"<a{i}/>" for i in range(ROOM // 11))),
    "many attributes": svg(
        f"<g{MANY_ATTRIBUTES}/>", f' xmlns:a="{"u" * MAX_NAMESPACE_CHARACTERS}"'
    ),
    "many levels": b"<svg xmlns='http://www.w3.org/2000/svg'>" + b"<g>" * (ROOM // 3),
}


def peak_of(image: bytes) -> int:
    """Bytes that Python held at most while the image was refused."""
    tracemalloc.start()
    code_of(image)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


@pytest.mark.parametrize("image", HUNGRY.values(), ids=HUNGRY)
def test_an_svg_made_to_exhaust_its_reader_is_refused_in_bounded_memory_and_time(
    image: bytes,
) -> None:
    started = time.perf_counter()
    code_of(image)

    assert time.perf_counter() - started < 5
    assert peak_of(image) < 64 * MAX_SVG_BYTES


@settings(max_examples=300)
@given(data=st.binary(max_size=200), start=st.sampled_from([b"", SIGNATURE, PICTURE[:60], b"<"]))
def test_any_bytes_are_read_or_refused_and_never_crash_the_reader(
    data: bytes, start: bytes
) -> None:
    assert code_of(start + data).startswith("format.")


@settings(max_examples=300)
@given(at=st.integers(0, 10_000), put=st.binary(max_size=3), cut=st.integers(0, 3))
def test_a_changed_svg_is_read_or_refused_and_never_crashes_the_reader(
    at: int, put: bytes, cut: int
) -> None:
    baked = bake_svg(PICTURE, CREDENTIAL)
    at %= len(baked)
    changed = baked[:at] + put + baked[at + cut :]
    try:
        read = unbake_svg(changed)
    except Refusal as refused:
        outcome = refused.step
    else:
        outcome = read.version

    assert outcome in ("format", "3.0")

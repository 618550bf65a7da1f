"""`baking.json`: credentials in pictures, read and refused."""

import zlib

from core.test_baked import (
    DATA,
    DOCTYPES,
    END,
    HEADER,
    JWS,
    SIGNATURE,
    chunk,
    itxt,
    ob2,
    ob3,
    png,
    svg,
)

from registry.core.baked import MAX_NAMESPACE_CHARACTERS, MAX_SVG_NESTING, unbake
from registry.core.document import MAX_DOCUMENT_BYTES

from .lists import deflated
from .writing import Case, File, attack, case, code_of, file_of, hexed, named

DESCRIPTION = (
    "Credentials in PNG and SVG (docs/spec/baking.md). The picture is `png`, or the UTF-8 of "
    "`svg`. What is baked in: the version of Open Badges, the form (json, jws, url) and the text. "
    "A case with `code` must be refused. Texts here are no credentials: what they say is judged "
    "later. Compressed data is stored, or zeros in one way of deflating; there are other ways."
)
TEXT = '{"name":"Zoë"}'
ITXT = itxt(TEXT.encode())


def make() -> File:
    return file_of(DESCRIPTION, [*_read(), *_refused_pngs(), *_refused_svgs()])


def stored(data: bytes) -> bytes:
    """zlib's frame around one stored block, the same whoever compresses."""
    size = len(data).to_bytes(2, "little")
    inverse = bytes(255 - byte for byte in size)
    return b"\x78\x01\x01" + size + inverse + data + zlib.adler32(data).to_bytes(4, "big")


def _packed_zeros(size: int) -> bytes:
    zeros = bytes(size)
    return b"\x78\x01" + deflated(zeros) + zlib.adler32(zeros).to_bytes(4, "big")


def _picture(*before: bytes, after: tuple[bytes, ...] = ()) -> bytes:
    dot = chunk(b"IDAT", stored(b"\0\x7f"))
    return png(*before, after=after).replace(DATA, dot)


def _given(picture: bytes) -> dict[str, str]:
    if picture.startswith(SIGNATURE):
        return {"png": hexed(picture)}
    return {"svg": picture.decode()}


def _read() -> list[Case]:
    pictures = {
        "PNG": _picture(ITXT),
        "PNG with the credential behind its data": _picture(after=(ITXT,)),
        "PNG with language fields": _picture(itxt(TEXT.encode(), names=b"en\0Badge\0")),
        "PNG with compressed text": _picture(itxt(stored(TEXT.encode()), flag=b"\1")),
        "PNG with a JWS": _picture(itxt(JWS.encode())),
        "PNG with a JWS and a line end": _picture(itxt(JWS.encode() + b"\n")),
        "PNG of version 2": _picture(itxt(TEXT.encode(), b"openbadges")),
        "PNG of version 1": _picture(chunk(b"tEXt", b"openbadges\0https://a.example/1")),
        "SVG": svg(ob3(f"<![CDATA[{TEXT}]]>")),
        "SVG with escaped text": svg(ob3(TEXT.replace('"', "&quot;"))),
        "SVG with a JWS": svg(ob3("", f' verify="{JWS}"')),
        "SVG with white space around a JWS": svg(ob3("\n", f' verify=" {JWS}&#10;"')),
        "SVG with an empty attribute": svg(ob3(TEXT, ' verify=""')),
        "SVG of version 2": svg(ob2("", ' verify="https://a.example/1"')),
        **{
            f"SVG with a document type: {name}": doctype.encode() + svg(ob3(TEXT))
            for name, doctype in DOCTYPES.items()
        },
    }
    cases = []
    for name, picture in pictures.items():
        baked = unbake(picture)
        told = {"version": baked.version, "form": baked.form, "text": baked.text}
        cases.append(case(name, name, **_given(picture), **told))
    return cases


def _refused(pictures: dict[str, tuple[str, bytes]]) -> list[Case]:
    cases = []
    for name, (desc, picture) in pictures.items():
        code = code_of(lambda picture=picture: unbake(picture))  # type: ignore[misc]
        cases.append(attack(named(name), desc, **_given(picture), code=code))
    return cases


def _refused_pngs() -> list[Case]:
    good = _picture(ITXT)
    wrong = bytearray(ITXT)
    wrong[-1] ^= 1
    changed = ITXT.replace(b"Zo", b"Za")
    bomb = stored(b'{"a":"') + bytes(4)
    return _refused(
        {
            "png without a credential": ("nothing baked in", _picture()),
            "png with a wrong checksum": ("its last bit changed", _picture(bytes(wrong))),
            "png with a changed credential": ("under the old checksum", _picture(changed)),
            "png with two credentials": ("the same twice", _picture(ITXT, ITXT)),
            "png with a credential before and behind": (
                "two readers could see two badges",
                _picture(ITXT, after=(itxt(b"{}"),)),
            ),
            "png with credentials of two versions": (
                "a reader of 2.0 sees another",
                _picture(ITXT, itxt(b"{}", b"openbadges")),
            ),
            "png cut short": ("without its end", good[: -len(END)]),
            "png with a byte behind": ("after its end", good + b"\0"),
            "png with a credential behind its end": ("which viewers pass over", good + ITXT),
            "png with its header in second place": (
                "the credential before it",
                SIGNATURE + ITXT + good[len(SIGNATURE) :].replace(ITXT, b""),
            ),
            "png with two headers": ("of two sizes, perhaps", _picture(HEADER, ITXT)),
            "png with a length beyond the file": (
                "2^32 - 1 bytes",
                _picture(b"\xff\xff\xff\xff" + ITXT[4:]),
            ),
            "png with text in a tEXt chunk": (
                "which holds Latin-1",
                _picture(chunk(b"tEXt", b"openbadgecredential\0{}")),
            ),
            "png with text that is not UTF-8": ("a lone byte", _picture(itxt(b'{"a":"\xff"}'))),
            "png with fields cut short": (
                "no text",
                _picture(chunk(b"iTXt", b"openbadgecredential\0\0\0en")),
            ),
            "png with compressed text cut short": (
                "zlib's frame",
                _picture(itxt(bomb, flag=b"\1")),
            ),
            "png with text that goes on behind zlib's end": (
                "a byte",
                _picture(itxt(stored(b"{}") + b"0", flag=b"\1")),
            ),
            "png with text that unpacks to more than a megabyte": (
                "a bomb of 7 KiB",
                _picture(itxt(_packed_zeros(MAX_DOCUMENT_BYTES + 1), flag=b"\1")),
            ),
            "png with an empty text": ("no credential", _picture(itxt(b""))),
            "png with an address": ("version 3.0 has none", _picture(itxt(b"https://a.example"))),
        }
    )


def _refused_svgs() -> list[Case]:
    laughs = "".join(f'<!ENTITY l{i + 1} "{f"&l{i};" * 10}">' for i in range(9))
    bomb = f'<!DOCTYPE svg [<!ENTITY l0 "ha">{laughs}]>'.encode()
    deep = MAX_SVG_NESTING
    return _refused(
        {
            "svg without a credential": ("nothing baked in", svg("<g/>")),
            "svg with an entity bomb": ("a billion laughs", bomb + svg(ob3(TEXT) + "&l9;")),
            "svg with an external entity": (
                "a file of the reader's machine",
                b'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + svg(ob3("&x;")),
            ),
            "svg with a parameter entity": (
                "an address that would be asked",
                b'<!DOCTYPE svg [<!ENTITY % x SYSTEM "https://a.example/x">%x;]>' + svg(ob3(TEXT)),
            ),
            "svg with a default attribute": (
                "which some readers add",
                b'<!DOCTYPE svg [<!ATTLIST credential verify CDATA "a">]>' + svg(ob3(TEXT)),
            ),
            "svg with an entity of its document type's": (
                "which a reader that fetches would expand",
                b'<!DOCTYPE svg SYSTEM "https://a.example/x.dtd">' + svg(ob3("&x;" + TEXT)),
            ),
            "svg with an entity of its document type's in an attribute": (
                "which some parsers drop in silence",
                b'<!DOCTYPE svg SYSTEM "https://a.example/x.dtd">'
                + svg(ob3("", f' verify="&x;{JWS}"')),
            ),
            "svg with two credentials": ("the same twice", svg(ob3(TEXT) * 2)),
            "svg with credentials of two versions": (
                "a reader of 2.0 sees another",
                svg(ob3(TEXT) + ob2("{}")),
            ),
            "svg with a body and a JWS": ("two credentials", svg(ob3(TEXT, f' verify="{JWS}"'))),
            "svg with a JWS in the body": ("it has its attribute", svg(ob3(JWS))),
            "svg with an element inside the credential": ("no text alone", svg(ob3("{}<g/>"))),
            "svg with a tag left open": ("no XML", svg(ob3(TEXT) + "<g>")),
            "svg in Latin-1": (
                "only UTF-8 is read",
                b'<?xml version="1.0" encoding="ISO-8859-1"?>' + svg(ob3("{}")),
            ),
            "svg of no namespace": ("some other markup", f"<svg>{ob3(TEXT)}</svg>".encode()),
            "svg nested too deep": (
                f"{deep + 1} levels",
                svg("<g>" * (deep - 1) + ob3("{}") + "</g>" * (deep - 1)),
            ),
            "svg with a namespace too long": (
                "parsers write it out before every name",
                svg(ob3("{}"), f' xmlns:a="{"u" * (MAX_NAMESPACE_CHARACTERS + 1)}"'),
            ),
        }
    )

"""Baked badges: a credential inside its picture, PNG or SVG, put in and taken out.

Sources: 1EdTech Open Badges 3.0, section 5.3 (PNG: an `iTXt` chunk `openbadgecredential`; SVG: an
element `credential` of the namespace `https://purl.imsglobal.org/ob/v3p0`); Open Badges Baking 2.0
(`openbadges`; `assertion` of `http://openbadges.org`, and what it tells of 1.0: a URL in `tEXt`);
PNG (third edition), sections 5 and 11.3.3; XML 1.0 and Namespaces in XML 1.0.

One picture carries one credential. The sources let a reader stop at the first; here a second one of
any version is refused, or two readers could each show a badge that the other never saw.
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeVar

from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import (  # type: ignore[import-untyped]
    DefusedXMLParser,
    ParseError,
)

from .document import MAX_DOCUMENT_BYTES, parse_json
from .errors import Refusal

Version = Literal["3.0", "2.0", "1.0"]
Form = Literal["json", "jws", "url"]
_Item = TypeVar("_Item")

# Badges are shown a few hundred pixels wide: a photograph of that size has a tenth of this.
MAX_PNG_BYTES: Final = 8 << 20
# Writers cut a picture of the largest size into pieces of 8 KiB or more: a quarter of this.
MAX_PNG_CHUNKS: Final = 4096
# The largest credential and as much drawing again. The worst file made so far, 160,000 attributes
# in one tag, took 90 MB to parse.
MAX_SVG_BYTES: Final = 2 << 20
# Drawing programs nest groups some tens deep; readers that recurse bear this many.
MAX_SVG_NESTING: Final = 256
# A parser writes the namespace out before every name: a long one multiplies a small file.
MAX_NAMESPACE_CHARACTERS: Final = 128

PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
SVG_NAMESPACE: Final = "http://www.w3.org/2000/svg"
OB3_NAMESPACE: Final = "https://purl.imsglobal.org/ob/v3p0"
OB2_NAMESPACE: Final = "http://openbadges.org"
OB3_KEYWORD: Final = b"openbadgecredential"
OB2_KEYWORD: Final = b"openbadges"

_CHUNK_FRAME: Final = 12
_HEADER_BYTES: Final = 13
_TEXT_CHUNKS: Final = (b"iTXt", b"tEXt", b"zTXt")
_KEYWORDS: Final[dict[bytes, Version]] = {OB3_KEYWORD: "3.0", OB2_KEYWORD: "2.0"}
_ELEMENTS: Final[dict[str, Version]] = {
    f"{OB3_NAMESPACE}}}credential": "3.0",
    f"{OB2_NAMESPACE}}}assertion": "2.0",
}
_LETTERS: Final = re.compile(rb"[A-Za-z]{4}")
_JWS: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)
_URL: Final = re.compile(r"(?:https?://|urn:uuid:)[!-~]+", re.ASCII)
_XML_SPACE: Final = " \t\r\n"
# A document type declaration without declarations of its own (XML 1.0, 2.8), behind what may stand
# before it. Each part is taken whole or not at all: no text is looked through twice.
_SPACE: Final = rb"[ \t\r\n]"
_LITERAL: Final = rb"(?:\"[^\"]*\"|'[^']*')"
_EXTERNAL: Final = rb"%b+(?:SYSTEM|PUBLIC%b+%b)%b+%b" % (_SPACE, _SPACE, _LITERAL, _SPACE, _LITERAL)
_PROLOG: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?(?>%b++|<\?.*?\?>|<!--.*?-->)*+"
    rb"(?P<doctype><!DOCTYPE%b+[^\s<>\[\"']+(?:%b)?%b*>)" % (_SPACE, _SPACE, _EXTERNAL, _SPACE),
    re.DOTALL,
)
# Only ever matched where the parser saw a tag begin, so quotes and brackets are balanced.
_START_TAG: Final = re.compile(rb"<[^\s/>]+(?:\"[^\"]*\"|'[^']*'|[^>\"'])*>")
_END_TAG: Final = re.compile(rb"</[^>]*>")
_NAME: Final = re.compile(rb"<([^\s/>]+)")
_MARKUP: Final = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\r\n]*<")
# Inside JSON this stands only in strings: escaped there, the value is the same, and the text ends
# no CDATA section early. What XML 1.0 (2.2) forbids, JSON or I-JSON forbid as well.
_CDATA_END: Final = ("]]>", "]]\\u003e")


@dataclass(frozen=True)
class Baked:
    """What a picture carries: `text` in `form`, put in as `version` of Open Badges says.

    JSON is not parsed yet: `parse_credential` does. Only "3.0" is this package's own; the others
    are foreign, "1.0" always a URL.
    """

    version: Version
    form: Form
    text: str


def unbake(data: bytes) -> Baked:
    """The credential in a PNG or an SVG, told apart by content.

    Raises `Refusal` at `format`: `malformed` (neither kind, broken, or nothing baked in),
    `too_large`, `too_deep`, or `ambiguous` for two credentials.
    """
    if data.startswith(PNG_SIGNATURE):
        return unbake_png(data)
    if _MARKUP.match(data):
        return unbake_svg(data)
    raise _malformed("neither a PNG nor an SVG")


def bake(image: bytes, credential: bytes | str) -> bytes:
    """`image`, a PNG or an SVG, told apart by content, with the credential put in.

    Raises `Refusal` at `format` for a bad image or a bad credential.
    """
    if image.startswith(PNG_SIGNATURE):
        return bake_png(image, credential)
    if _MARKUP.match(image):
        return bake_svg(image, credential)
    raise _malformed("neither a PNG nor an SVG")


def bake_png(image: bytes, credential: bytes | str) -> bytes:
    """`image` with the credential (JSON, or a compact JWS) in place of any that it carried.

    Uncompressed `iTXt` directly after the header (5.3.1.1); every other chunk keeps its bytes and
    its place. Raises `Refusal` at `format` for a bad image or a bad credential.
    """
    text, _ = _checked(credential)
    data = OB3_KEYWORD + b"\0\0\0\0\0" + text.encode("utf-8")
    header, *rest = (chunk for chunk in _chunks(image) if _keyword(chunk) not in _KEYWORDS)
    parts = [PNG_SIGNATURE, header.raw, _chunk(b"iTXt", data), *(chunk.raw for chunk in rest)]
    if len(parts) - 1 > MAX_PNG_CHUNKS:
        raise Refusal("format", "too_large", f"no room for one of {MAX_PNG_CHUNKS} chunks")
    return _bounded(b"".join(parts), MAX_PNG_BYTES)


def unbake_png(image: bytes) -> Baked:
    """The credential in a PNG (5.3.1.2; Baking 2.0, "Extracting", "Legacy PNGs").

    The whole file is checked: order, lengths, every checksum. Raises `Refusal` at `format`.
    """
    found = [chunk for chunk in _chunks(image) if _keyword(chunk) in _KEYWORDS]
    chunk = _only(found)
    version = _KEYWORDS[_keyword(chunk)]
    if chunk.kind == b"iTXt":
        return _classified(version, _international_text(chunk.data))
    if chunk.kind == b"tEXt" and version == "2.0":
        url = chunk.data.partition(b"\0")[2].decode("latin-1")
        return _classified("1.0", url)
    kind = chunk.kind.decode("ascii")
    raise _malformed(f"no version of Open Badges keeps {_keyword(chunk).decode('ascii')} in {kind}")


def bake_svg(image: bytes, credential: bytes | str) -> bytes:
    """`image` with the credential (JSON, or a compact JWS) in place of any that it carried.

    The element stands directly after the root's start tag (5.3.2.1), the namespace in that tag
    where its prefix is free; all other bytes stay. In JSON, `]]>` is written `]]\\u003e`: the same
    value for readers of XML and for those that look for the first `]]>` (and XML reads every line
    end between members as `\\n`). Raises `Refusal` at `format` for a bad image or credential.
    """
    text, form = _checked(credential)
    drawing = _read_svg(image)
    tag = _match(_START_TAG, image, drawing.root_at)
    local = drawing.prefix not in (None, OB3_NAMESPACE)
    element = _element(text, form, declared=not local)
    opened, closing = _opened(tag, declare=drawing.prefix is None)
    rest = _without(image, drawing.root_at + len(tag), [found.span for found in drawing.found])
    return _bounded(image[: drawing.root_at] + opened + element + closing + rest, MAX_SVG_BYTES)


def unbake_svg(image: bytes) -> Baked:
    """The credential in an SVG in UTF-8, wherever it stands (5.3.2.2; Baking 2.0, "SVGs").

    A document type declaration that only names the type is passed over and nothing of it fetched;
    with declarations of its own it is refused: no entity is ever declared or expanded. Text that is
    escaped instead of wrapped in CDATA is read: it is the same to XML. Raises `Refusal` at
    `format`.
    """
    found = _only(_read_svg(image).found)
    if found.has_children:
        raise _malformed("elements inside the credential's element")
    body, verify = "".join(found.body).strip(_XML_SPACE), found.verify.strip(_XML_SPACE)
    if found.version == "3.0" and body and verify:
        raise Refusal("format", "ambiguous", "a credential in `verify` and one in the body")
    baked = _classified(found.version, body or verify)
    if found.version == "3.0" and (baked.form == "jws") != bool(verify):
        raise _malformed("JSON stands in the body, a compact JWS in `verify`")
    return baked


@dataclass(frozen=True)
class _Chunk:
    kind: bytes
    data: bytes
    raw: bytes


def _chunks(image: bytes) -> list[_Chunk]:
    """All chunks of a whole PNG: IHDR first, IEND last and nothing after it."""
    _bounded(image, MAX_PNG_BYTES)
    if not image.startswith(PNG_SIGNATURE):
        raise _malformed("not a PNG: the signature is another")
    chunks: list[_Chunk] = []
    at = len(PNG_SIGNATURE)
    while not chunks or chunks[-1].kind != b"IEND":
        if len(chunks) == MAX_PNG_CHUNKS:
            raise Refusal("format", "too_large", f"more than {MAX_PNG_CHUNKS} chunks")
        chunks.append(_read_chunk(image, at))
        at += len(chunks[-1].raw)
    if at != len(image):
        raise _malformed(f"{len(image) - at} bytes after the end of the PNG")
    _require_order(chunks)
    return chunks


def _read_chunk(image: bytes, at: int) -> _Chunk:
    length = int.from_bytes(image[at : at + 4], "big")
    raw = image[at : at + length + _CHUNK_FRAME]
    if len(raw) < _CHUNK_FRAME or len(raw) != length + _CHUNK_FRAME:
        raise _malformed(f"the PNG ends within the chunk at byte {at}")
    kind, data = raw[4:8], raw[8:-4]
    if zlib.crc32(raw[4:-4]).to_bytes(4, "big") != raw[-4:]:
        raise _malformed(f"the checksum of the chunk at byte {at} does not fit")
    if not _LETTERS.fullmatch(kind):
        raise _malformed(f"the type of the chunk at byte {at} is not four letters")
    return _Chunk(kind, data, raw)


def _require_order(chunks: list[_Chunk]) -> None:
    kinds = [chunk.kind for chunk in chunks]
    if kinds[0] != b"IHDR" or kinds.count(b"IHDR") != 1 or len(chunks[0].data) != _HEADER_BYTES:
        raise _malformed("a PNG begins with its one header, of 13 bytes")
    if b"IDAT" not in kinds or chunks[-1].data:
        raise _malformed("the PNG has no picture, or its end is not empty")


def _chunk(kind: bytes, data: bytes) -> bytes:
    checked = kind + data
    return len(data).to_bytes(4, "big") + checked + zlib.crc32(checked).to_bytes(4, "big")


def _keyword(chunk: _Chunk) -> bytes:
    return chunk.data.partition(b"\0")[0] if chunk.kind in _TEXT_CHUNKS else b""


def _international_text(data: bytes) -> str:
    """The text of an `iTXt` chunk (PNG, 11.3.3.4).

    The sources forbid compression; it is undone all the same, within the limit: the text is
    signed, and whether it was compressed can mislead nobody.
    """
    parts = data.partition(b"\0")[2]
    flag, method, tail = parts[:1], parts[1:2], parts[2:].split(b"\0", 2)
    if len(tail) != 3 or flag not in (b"\0", b"\1") or method != b"\0":
        raise _malformed("the iTXt chunk's fields are not those of PNG")
    return _utf8(tail[2] if flag == b"\0" else _inflate(tail[2]))


def _inflate(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(packed, MAX_DOCUMENT_BYTES + 1)
    except zlib.error as error:
        raise _malformed(f"the compressed text is not zlib's: {error}") from error
    _bounded(text, MAX_DOCUMENT_BYTES)
    if not unpacker.eof or unpacker.unused_data:
        raise _malformed("the compressed text ends early, or something follows it")
    return text


@dataclass
class _Found:
    """One credential's element: `span` is where it begins and ends in the file, in bytes."""

    version: Version
    verify: str
    span: tuple[int, int]
    body: list[str] = field(default_factory=list)
    has_children: bool = False


class _Drawing:
    """What the parser saw of an SVG; `prefix` is what the root binds `openbadges` to."""

    def __init__(self, image: bytes) -> None:
        self.root_at = 0
        self.prefix: str | None = None
        self.found: list[_Found] = []
        self._image = image
        self._depth = 0
        self._open: tuple[_Found, int] | None = None
        self._expat: Any = None

    def read(self) -> None:
        parser = DefusedXMLParser(target=object(), encoding="utf-8", forbid_dtd=True)
        # The parser's own tree building would keep every name: handlers of ours keep none.
        self._expat = parser.parser
        self._expat.XmlDeclHandler = self._declaration
        self._expat.StartNamespaceDeclHandler = self._namespace
        self._expat.StartElementHandler = self._start
        self._expat.EndElementHandler = self._end
        self._expat.CharacterDataHandler = self._text
        parser.feed(_without_doctype(self._image))
        parser.close()

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if (encoding or "utf-8").lower() not in ("utf-8", "us-ascii"):
            raise _malformed(f"the SVG declares {encoding}: only UTF-8 is read")

    def _namespace(self, prefix: str | None, uri: str | None) -> None:
        if len(uri or "") > MAX_NAMESPACE_CHARACTERS:
            raise Refusal("format", "too_large", f"a namespace of {len(uri or '')} characters")
        if prefix == "openbadges" and self._depth == 0:
            self.prefix = uri

    def _start(self, name: str, attributes: list[str]) -> None:
        self._depth += 1
        if self._depth > MAX_SVG_NESTING:
            raise Refusal("format", "too_deep", f"elements deeper than {MAX_SVG_NESTING}")
        if self._depth == 1:
            self._root(name)
        if self._open is not None:
            self._open[0].has_children = True
        elif name in _ELEMENTS:
            found = _Found(_ELEMENTS[name], _verify(attributes), (self._at(), 0))
            self.found.append(found)
            self._open = (found, self._depth)

    def _root(self, name: str) -> None:
        if name != f"{SVG_NAMESPACE}}}svg":
            raise _malformed("the root is not an svg element of SVG's namespace")
        self.root_at = self._at()

    def _end(self, _name: str) -> None:
        if self._open is not None and self._open[1] == self._depth:
            found = self._open[0]
            found.span = (found.span[0], self._element_end(found.span[0]))
            self._open = None
        self._depth -= 1

    def _element_end(self, start: int) -> int:
        tag = _match(_START_TAG, self._image, start)
        if tag.endswith(b"/>"):
            return start + len(tag)
        return self._at() + len(_match(_END_TAG, self._image, self._at()))

    def _text(self, text: str) -> None:
        if self._open is not None:
            self._open[0].body.append(text)

    def _at(self) -> int:
        return int(self._expat.CurrentByteIndex)


def _verify(attributes: list[str]) -> str:
    """The parser hands names and values over in turn, as one list."""
    return dict(zip(attributes[::2], attributes[1::2], strict=True)).get("verify", "")


def _without_doctype(image: bytes) -> bytes:
    """Spaces in its place: the parser knows of no declaration, and finds all else where it was."""
    match = _PROLOG.match(image)
    if match is None:
        return image
    begin, end = match.span("doctype")
    return image[:begin] + b" " * (end - begin) + image[end:]


def _read_svg(image: bytes) -> _Drawing:
    _bounded(image, MAX_SVG_BYTES)
    # A byte order mark of UTF-16 outweighs the encoding that the parser is told.
    _utf8(image)
    drawing = _Drawing(image)
    try:
        drawing.read()
    except DefusedXmlException as error:
        raise _malformed("a document type with declarations of its own is not read") from error
    except ParseError as error:
        raise _malformed(f"not well-formed XML: {error}") from error
    return drawing


def _element(text: str, form: Form, *, declared: bool) -> bytes:
    name = "openbadges:credential"
    namespace = "" if declared else f' xmlns:openbadges="{OB3_NAMESPACE}"'
    if form == "jws":
        return f'<{name}{namespace} verify="{text}"></{name}>'.encode("ascii")
    return f"<{name}{namespace}><![CDATA[{text.replace(*_CDATA_END)}]]></{name}>".encode()


def _opened(tag: bytes, *, declare: bool) -> tuple[bytes, bytes]:
    """The root's start tag, ready for content, and the end tag that an empty root lacks."""
    is_empty = tag.endswith(b"/>")
    begin, name = tag[: -2 if is_empty else -1], _match(_NAME, tag, 0)[1:]
    namespace = f' xmlns:openbadges="{OB3_NAMESPACE}"'.encode("ascii") if declare else b""
    return begin + namespace + b">", b"</" + name + b">" if is_empty else b""


def _without(image: bytes, start: int, spans: list[tuple[int, int]]) -> bytes:
    ends = [start, *(end for _, end in spans)]
    starts = [*(begin for begin, _ in spans), len(image)]
    return b"".join(image[a:b] for a, b in zip(ends, starts, strict=True))


def _match(pattern: re.Pattern[bytes], data: bytes, at: int) -> bytes:
    match = pattern.match(data, at)
    if match is None:
        raise _malformed(f"no tag is found at byte {at}")
    return match[0]


def _checked(credential: bytes | str) -> tuple[str, Form]:
    """The credential's text and form; what is baked is what `parse_json` reads, or a JWS."""
    data = credential if isinstance(credential, bytes) else _encoded(credential)
    text = _utf8(_bounded(data, MAX_DOCUMENT_BYTES))
    if _JWS.fullmatch(text):
        return text, "jws"
    parse_json(data)
    return text, "json"


def _encoded(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise _malformed("a lone surrogate in the credential") from error


def _classified(version: Version, text: str) -> Baked:
    _bounded(_encoded(text), MAX_DOCUMENT_BYTES)
    for form in _forms(version, text.strip(_XML_SPACE)):
        return Baked(version, form, text if form == "json" else text.strip(_XML_SPACE))
    raise _malformed(f"what is baked in is no credential of Open Badges {version}")


def _forms(version: Version, text: str) -> Iterator[Form]:
    if version != "1.0" and text.startswith("{"):
        yield "json"
    if version != "1.0" and _JWS.fullmatch(text):
        yield "jws"
    if version != "3.0" and _URL.fullmatch(text):
        yield "url"


def _only(found: list[_Item]) -> _Item:
    if not found:
        raise _malformed("no credential is baked into this picture")
    if len(found) > 1:
        raise Refusal("format", "ambiguous", f"{len(found)} credentials in one picture")
    return found[0]


def _bounded(data: bytes, limit: int) -> bytes:
    if len(data) > limit:
        raise Refusal("format", "too_large", f"more than {limit} bytes")
    return data


def _utf8(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _malformed(f"not UTF-8 at byte {error.start}") from error


def _malformed(detail: str) -> Refusal:
    return Refusal("format", "malformed", detail)

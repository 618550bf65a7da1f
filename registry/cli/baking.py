"""`credroot bake` and `credroot unbake`: a credential into its picture, and out again.

Neither reads a node nor judges: `credroot verify` does.
"""

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from registry.core.baked import MAX_PNG_BYTES, Baked
from registry.core.baked import bake as put_in
from registry.core.baked import unbake as take_out
from registry.core.credential import parse_credential
from registry.core.document import MAX_DOCUMENT_BYTES
from registry.core.errors import Refusal
from registry.plain_text import shown
from registry.whole_files import read_bounded, write_whole

from .console import EXIT_INVALID, Failure, JsonFlag, Output

# What the base64url of a JSON Web Signature's header, `{"…`, begins with.
JWS_BEGINS: Final = b"ey"


def bake(
    credential: Annotated[Path, typer.Argument(help="A credential's file (JSON or compact JWS).")],
    image: Annotated[Path, typer.Argument(help="The picture, PNG or SVG; it is not changed.")],
    to: Annotated[Path, typer.Option("--output", "-o", help="The baked picture.")],
    as_json: JsonFlag = False,
) -> None:
    """Put a credential into a picture (Open Badges 3.0 baking), in place of any that it carries."""
    output = Output(as_json=as_json)
    baked = _baked(_credential(credential), image)
    write_whole(to, baked)
    output.say(f"{to}: {image.name} with {credential.name} baked in.")
    output.result({"file": str(to), "bytes": len(baked)})


def unbake(
    image: Annotated[Path, typer.Argument(help="A baked picture, PNG or SVG.")],
    to: Annotated[
        Path | None, typer.Option("--output", "-o", help="A file for it; printed when left out.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Take the credential out of a picture, exactly as it stands there; of Open Badges 2.0 too."""
    output = Output(as_json=as_json)
    try:
        found = take_out(read_bounded(image, MAX_PNG_BYTES))
    except Refusal as refusal:
        raise Failure(f"{image}: {refusal.detail}", EXIT_INVALID) from refusal
    output.note(f"{image.name}: Open Badges {found.version}, {found.form}")
    if to is not None:
        write_whole(to, found.text.encode("utf-8"))
        output.say(f"{to}: what {image.name} carries.")
    elif not as_json:
        _print(found)
    where = {"file": str(to)} if to is not None else {"text": found.text}
    output.result({"version": found.version, "form": found.form, **where})


def _credential(file: Path) -> bytes:
    """The bytes to bake; a JWS without the line end that editors put after it."""
    data = read_bounded(file, MAX_DOCUMENT_BYTES)
    if data.startswith(JWS_BEGINS):
        return data.strip()
    try:
        parse_credential(data)
    except Refusal as refusal:
        raise Failure(f"{file}: {refusal.detail}", EXIT_INVALID) from refusal
    return data


def _baked(credential: bytes, image: Path) -> bytes:
    try:
        return put_in(read_bounded(image, MAX_PNG_BYTES), credential)
    except Refusal as refusal:
        raise Failure(f"{image}: {refusal.detail}", EXIT_INVALID) from refusal


def _print(found: Baked) -> None:
    """Exactly the text; on a screen, what a terminal would obey stands escaped."""
    on_screen = sys.stdout.isatty()
    text = shown(found.text, keep="\n\t") + "\n" if on_screen else found.text
    sys.stdout.buffer.write(text.encode())
    sys.stdout.buffer.flush()

"""`trust.json`: trust lists, read and refused."""

import json
from functools import partial
from typing import Any

from core.anchored_badges import ACCOUNT, DID
from core.test_policy import BROKEN, CARD, MISNAMED

from registry.core.json_form import to_json
from registry.core.policy import parse_trust

from .writing import Case, File, attack, case, code_of, file_of, named

DESCRIPTION = (
    "Trust lists (docs/spec/binding.md, 3). `file` is the text of the file; `entries` what it "
    "says, in the JSON of docs/spec/evidence.md, 4 and verdict.md, 1. A case with `code` must be "
    "refused whole, before anything is verified by it."
)


def make() -> File:
    return file_of(DESCRIPTION, [*_read(), *_refused()])


def _read() -> list[Case]:
    key = CARD["keys"][0]
    plain = {"name": "Other", "did": "did:web:other.example.org", "accounts": []}
    url = "https://northmere.example.org/issuer"
    files: dict[str, Any] = {
        "entry": CARD,
        "entry without what is optional": plain,
        "list of one": {"issuers": [CARD]},
        "list of two": {"issuers": [plain, CARD]},
        "two keys under one id": {**CARD, "keys": [key, {**key, "until": "2026-06-01T00:00:00Z"}]},
        "issuer known by a URL": {
            **CARD,
            "did": url,
            "keys": [{**key, "id": f"{url}#key-1"}],
        },
        "did pkh in capitals": {**plain, "did": ACCOUNT.did_pkh.replace("0xab", "0xAB")},
        "account in capitals": {**plain, "accounts": [str(ACCOUNT).replace("0xab", "0xAB")]},
    }
    cases = []
    for name, value in files.items():
        text = json.dumps(value)
        entries = [to_json(entry) for entry in parse_trust(text.encode())]
        cases.append(case(name, name, file=text, entries=entries))
    return cases


def _refused() -> list[Case]:
    texts = {name: json.dumps(value) for name, value in BROKEN.items()}
    for name, key_id in MISNAMED.items():
        changed = {**CARD, "keys": [{**CARD["keys"][0], "id": key_id}]}
        texts[f"key id that pins nothing: {name}"] = json.dumps(changed)
    good = json.dumps(CARD)
    texts["a member twice"] = good.replace('"did":', f'"did": "{DID}x", "did":', 1)
    texts["a list"] = f"[{good}]"
    texts["no JSON"] = "name: Northmere"
    texts["nothing"] = ""
    cases = []
    for name, text in texts.items():
        code = code_of(partial(parse_trust, text.encode()))
        cases.append(attack(named(name), name, file=text, code=code))
    return cases

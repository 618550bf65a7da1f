"""Absolute IRIs by their grammar: RFC 3987, 2.2, and for http and https a host (RFC 9110, 4.2).

An RDF processor drops an IRI that is none, with all that hangs on it; a JSON reader keeps it. It is
refused alike under every suite.
"""

import re
from ipaddress import IPv6Address
from typing import Final

# `ucschar` of RFC 3987: no controls, no surrogates, no noncharacters, no private use.
_BEYOND_ASCII: Final = "\u00a0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef" + "".join(
    f"{chr(plane << 16 | (0x1000 if plane == 14 else 0))}-{chr(plane << 16 | 0xFFFD)}"
    for plane in range(1, 15)
)
_PRIVATE: Final = "\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd"
_NAME: Final = rf"A-Za-z0-9\-._~!$&'()*+,;={_BEYOND_ASCII}"


def _any_of(characters: str) -> str:
    """Any number of the characters and of percent-encoded bytes; what was taken is not given back.

    So the time is linear, and a long `data:` URL costs no memory for every character.
    """
    return rf"(?:[{characters}]++|%[0-9A-Fa-f]{{2}})*+"


_IRI: Final = re.compile(
    r"([A-Za-z][A-Za-z0-9+.-]*):"
    rf"(?://(?:{_any_of(_NAME + ':')}@)?(\[[^\]]*\]|{_any_of(_NAME)})(?::[0-9]*)?(?=[/?#]|\Z))?"
    rf"({_any_of(_NAME + ':@/')})"
    rf"(?:\?{_any_of(_NAME + ':@/?' + _PRIVATE)})?(?:#{_any_of(_NAME + ':@/?')})?"
)
_FUTURE: Final = re.compile(r"v[0-9A-Fa-f]+\.[A-Za-z0-9\-._~!$&'()*+,;=:]+", re.ASCII)
_IP_CHARACTERS: Final = re.compile(r"[0-9A-Fa-f:.]+", re.ASCII)
_WITH_HOST: Final = ("http", "https")


def is_absolute_iri(text: str) -> bool:
    """Whether `text` is an IRI with a scheme, and says more than its scheme."""
    match = _IRI.fullmatch(text)
    if match is None or match.end(1) + 1 == len(text):
        return False
    scheme, host, path = match.groups()
    if host is None:
        return scheme.lower() not in _WITH_HOST and not path.startswith("//")
    if host.startswith("["):
        return _is_ip_literal(host[1:-1])
    return bool(host) or scheme.lower() not in _WITH_HOST


def _is_ip_literal(text: str) -> bool:
    if _FUTURE.fullmatch(text):
        return True
    try:
        return bool(_IP_CHARACTERS.fullmatch(text)) and IPv6Address(text) is not None
    except ValueError:
        return False

"""Calls as a file that the Safe transaction builder takes, and any wallet can be fed from.

The format is the builder's own (version 1.0). Its checksum covers everything but the name: the
builder warns when a file was changed on its way to those who sign.
"""

import json
from collections.abc import Sequence
from typing import Any, Final

from eth_hash.auto import keccak
from web3 import Web3

from registry.core.document import JsonObject, parse_json
from registry.core.errors import InvalidArgument, Refusal

from .calls import Call

BUILDER_VERSION: Final = "1.18.0"
# Six hundred status words in each of a hundred calls.
MAX_FILE_BYTES: Final = 16 << 20


def safe_batch(calls: Sequence[Call], controller: str | None, created_at: int) -> JsonObject:
    """The file for `calls`, all of one chain, made `created_at` (seconds since 1970).

    `controller` is who must make them; none where anybody may.
    """
    batch: JsonObject = {
        "version": "1.0",
        "chainId": str(calls[0].chain_id),
        "createdAt": created_at * 1000,
        "meta": {
            "name": "credroot",
            "description": "; ".join(call.says for call in calls),
            "txBuilderVersion": BUILDER_VERSION,
            "createdFromSafeAddress": Web3.to_checksum_address(controller) if controller else "",
            "createdFromOwnerAddress": "",
        },
        "transactions": [
            {
                "to": call.to,
                "value": "0",
                "data": call.data,
                "contractMethod": None,
                "contractInputsValues": None,
            }
            for call in calls
        ],
    }
    batch["meta"]["checksum"] = checksum(batch)
    return batch


def read_batch(data: bytes) -> list[Call]:
    """The calls of a file that `safe_batch` made; raises `InvalidArgument`.

    Whatever sends money, or was changed since it was made, is refused.
    """
    try:
        batch = parse_json(data, MAX_FILE_BYTES)
        chain, said = int(batch["chainId"]), batch["meta"]["checksum"]
        calls = [_read(chain, item, batch["meta"]["description"]) for item in batch["transactions"]]
    except (Refusal, KeyError, TypeError, ValueError) as error:
        if isinstance(error, InvalidArgument):
            raise
        raise InvalidArgument(f"not a file of calls: {error}") from error
    if not calls:
        raise InvalidArgument("the file has no calls")
    if said != checksum(batch):
        raise InvalidArgument("the file was changed since it was made: its checksum is another")
    return calls


def checksum(batch: JsonObject) -> str:
    """The builder's checksum (0x hex) of a file, with or without one in it."""
    meta = {name: value for name, value in batch["meta"].items() if name != "checksum"}
    return "0x" + keccak(_written({**batch, "meta": {**meta, "name": None}}).encode()).hex()


def _written(value: Any) -> str:
    """The builder's own serialisation, which is not JSON: the names first, then the values."""
    if isinstance(value, list):
        return f"[{','.join(map(_written, value))}]"
    if isinstance(value, dict):
        names = sorted(value)
        values = "".join(f"{_written(value[name])}," for name in names)
        return f"{{{json.dumps(names, separators=(',', ':'))}{values}}}"
    return json.dumps(value, ensure_ascii=False)


def _read(chain_id: int, item: Any, says: str) -> Call:
    if int(item["value"]) != 0:
        raise InvalidArgument("a call sends money")
    return Call(chain_id, Web3.to_checksum_address(item["to"]), str(item["data"]), says)

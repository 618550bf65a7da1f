"""The slowest Merkle-Patricia trie that can be read at a glance, with an RLP writer of its own."""

from eth_hash.auto import keccak

Item = bytes | list["Item"]
EMPTY_ROOT = bytes.fromhex("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421")


def write_rlp(item: Item) -> bytes:
    if isinstance(item, bytes):
        if len(item) == 1 and item[0] < 0x80:
            return item
        return _prefix(len(item), 0x80) + item
    payload = b"".join(map(write_rlp, item))
    return _prefix(len(payload), 0xC0) + payload


def _prefix(length: int, offset: int) -> bytes:
    if length < 56:
        return bytes([offset + length])
    digits = f"{length:x}"
    count = bytes.fromhex(digits.zfill(len(digits) + len(digits) % 2))
    return bytes([offset + 55 + len(count)]) + count


def compact(digits: str, *, is_leaf: bool) -> bytes:
    flag = 2 * is_leaf + len(digits) % 2
    return bytes.fromhex(f"{flag:x}{digits}" if flag % 2 else f"{flag:x}0{digits}")


def make_node(entries: dict[str, bytes]) -> Item:
    """The node over the entries, whose keys are what is left of the paths, in hex digits."""
    if len(entries) == 1:
        ((digits, value),) = entries.items()
        return [compact(digits, is_leaf=True), value]
    prefix = shared_prefix(entries)
    if prefix:
        return [compact(prefix, is_leaf=False), refer(make_node(below(entries, prefix)))]
    children: list[Item] = []
    for digit in "0123456789abcdef":
        under = below(entries, digit)
        children.append(refer(make_node(under)) if under else b"")
    return [*children, entries.get("", b"")]


def shared_prefix(entries: dict[str, bytes]) -> str:
    first = min(entries)
    for length in range(len(first), 0, -1):
        if all(key.startswith(first[:length]) for key in entries):
            return first[:length]
    return ""


def below(entries: dict[str, bytes], prefix: str) -> dict[str, bytes]:
    return {k[len(prefix) :]: v for k, v in entries.items() if k.startswith(prefix)}


def refer(node: Item) -> Item:
    encoded = write_rlp(node)
    return node if len(encoded) < 32 else keccak(encoded)


def in_digits(entries: dict[bytes, bytes]) -> dict[str, bytes]:
    return {key.hex(): value for key, value in entries.items()}


def naive_root(entries: dict[bytes, bytes]) -> bytes:
    return keccak(write_rlp(make_node(in_digits(entries)))) if entries else EMPTY_ROOT


def naive_proof(entries: dict[bytes, bytes], key: bytes) -> list[bytes]:
    """The encodings of the nodes on the way to `key`, but for those inside their parents."""
    left, digits = in_digits(entries), key.hex()
    nodes: list[bytes] = []
    while left:
        encoded = write_rlp(make_node(left))
        if not nodes or len(encoded) >= 32:
            nodes.append(encoded)
        prefix = "" if len(left) == 1 else shared_prefix(left) or digits[:1]
        if not prefix or not digits.startswith(prefix):
            break
        left, digits = below(left, prefix), digits[len(prefix) :]
    return nodes

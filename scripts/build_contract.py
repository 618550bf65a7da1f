"""Compile the contracts and write what clients need to know of them.

The registry's is `registry/core/contract.json`, the relay's `anchor_service/relay.json`. Beside
them, for block explorers, the compiler's whole input: `anchor_service/standard_input.json` for the
registry, `anchor_service/relay_standard_input.json` for the relay.

With `--check` nothing is written, and the exit code is 1 if a file is not what the sources give.
Needs the npm packages of the lock file; the compiler is the one among them.
"""

import argparse
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import solcx
from eth_account import Account
from eth_hash.auto import keccak
from eth_utils.address import to_checksum_address

ROOT = Path(__file__).resolve().parent.parent
SOLC = ROOT / "scripts" / "solc"
OUTPUTS = ("abi", "evm.bytecode.object", "evm.deployedBytecode.object")


@dataclass(frozen=True)
class Contract:
    """A contract's name, its sources (its own last) and what the compiler is asked for."""

    name: str
    sources: tuple[str, ...]
    outputs: tuple[str, ...]


REGISTRY = Contract(
    "CredentialRegistry",
    ("contracts/ICredentialRegistry.sol", "contracts/CredentialRegistry.sol"),
    OUTPUTS,
)
RELAY = Contract(
    "RegistryRelay",
    (
        "contracts/ICredentialRegistry.sol",
        "contracts/periphery/IRegistryRelay.sol",
        "contracts/periphery/RegistryRelay.sol",
    ),
    (*OUTPUTS, "evm.deployedBytecode.immutableReferences"),
)
# The same as in hardhat.config.js, where the reasons are; a test compares the two results.
SETTINGS: dict[str, Any] = {
    "viaIR": True,
    "optimizer": {"enabled": True, "runs": 200},
    "evmVersion": "cancun",
    "metadata": {"appendCBOR": False, "bytecodeHash": "none"},
}

# The deterministic deployment proxy. Nobody has its sender's key: the signature was made up and the
# address recovered from it, so that the same bytes put the same code at the same address on any
# chain that takes transactions without a chain id and where the sender was given the cost.
DEPLOYER = "0x4e59b44847b379578588920cA78FbF26c0B4956C"
DEPLOYER_SENDER = "0x3fAB184622Dc19b6109349B94811493BF2a45362"
DEPLOYER_TRANSACTION = (
    "0xf8a58085174876e800830186a08080b853604580600e600039806000f350fe"
    "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe0"
    "3601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3"
    "1ba02222222222222222222222222222222222222222222222222222222222222222"
    "a02222222222222222222222222222222222222222222222222222222222222222"
)
DEPLOYER_COST = 100_000 * 100 * 10**9  # wei: the gas limit and price in the transaction
SALT = bytes(32)


def standard_input(wanted: Contract) -> dict[str, Any]:
    """The compiler's input (standard JSON), from which anybody makes the same bytes."""
    return {
        "language": "Solidity",
        "sources": {name: {"content": (ROOT / name).read_text()} for name in wanted.sources},
        "settings": SETTINGS | {"outputSelection": {"*": {"*": list(wanted.outputs)}}},
    }


def compile_contract(wanted: Contract) -> dict[str, Any]:
    """Return the compiler's output for a contract: `abi` and `evm`."""
    # The wrapper is run by the Node that lies beside this Python, where there is one.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    output = solcx.compile_standard(standard_input(wanted), solc_binary=SOLC)
    contract: dict[str, Any] = output["contracts"][wanted.sources[-1]][wanted.name]
    return contract


def create_address(sender: str) -> str:
    """Return the address of the first contract that an account creates (EIP-161: nonce 0)."""
    rlp = b"\xd6\x94" + bytes.fromhex(sender[2:]) + b"\x80"
    return to_checksum_address(keccak(rlp)[12:])


def create2_address(creation_code: bytes) -> str:
    """Return the address that the deployer gives to a contract (EIP-1014)."""
    preimage = b"\xff" + bytes.fromhex(DEPLOYER[2:]) + SALT + keccak(creation_code)
    return to_checksum_address(keccak(preimage)[12:])


def check_deployer() -> None:
    """Raise ValueError if the constants of the deployer do not belong together."""
    sender = Account.recover_transaction(DEPLOYER_TRANSACTION)
    if (sender, create_address(sender)) != (DEPLOYER_SENDER, DEPLOYER):
        raise ValueError(f"the deployer's transaction is by {sender}, want {DEPLOYER_SENDER}")


def describe_registry() -> dict[str, Any]:
    """Return the content of `contract.json`; bytes and the cost in wei are 0x hex."""
    contract = compile_contract(REGISTRY)
    creation = bytes.fromhex(contract["evm"]["bytecode"]["object"])
    runtime = bytes.fromhex(contract["evm"]["deployedBytecode"]["object"])
    return {
        "name": REGISTRY.name,
        **identity(creation, runtime),
        "deployer": DEPLOYER,
        "salt": "0x" + SALT.hex(),
        "deployerTransaction": {
            "sender": DEPLOYER_SENDER,
            "cost": hex(DEPLOYER_COST),
            "raw": DEPLOYER_TRANSACTION,
        },
        "abi": contract["abi"],
        "creationCode": "0x" + creation.hex(),
    }


def describe_relay(registry: str) -> dict[str, Any]:
    """Return the content of `relay.json`, for the relay that is created with `registry`.

    The creation code ends with the constructor's argument, so that the deployer takes it as it is.
    """
    contract = compile_contract(RELAY)
    argument = bytes.fromhex(registry[2:]).rjust(32, b"\0")
    creation = bytes.fromhex(contract["evm"]["bytecode"]["object"]) + argument
    runtime = bytearray.fromhex(contract["evm"]["deployedBytecode"]["object"])
    # The compiler leaves room for the immutable, and says where.
    for places in contract["evm"]["deployedBytecode"]["immutableReferences"].values():
        for place in places:
            runtime[place["start"] : place["start"] + place["length"]] = argument
    return {
        "name": RELAY.name,
        **identity(creation, bytes(runtime)),
        "registry": registry,
        "deployer": DEPLOYER,
        "salt": "0x" + SALT.hex(),
        "abi": contract["abi"],
        "creationCode": "0x" + creation.hex(),
    }


def identity(creation: bytes, runtime: bytes) -> dict[str, Any]:
    """Return what identifies a contract: its compiler, its address, the hashes of its code."""
    version = solcx.wrapper.get_version_str_from_solc_binary(SOLC)
    return {
        "compiler": {"version": version, "settings": SETTINGS},
        "address": create2_address(creation),
        "runtimeCodeHash": "0x" + keccak(runtime).hex(),
        "creationCodeHash": "0x" + keccak(creation).hex(),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, do not write")
    check = parser.parse_args().check
    check_deployer()
    registry = describe_registry()
    files = {
        "registry/core/contract.json": registry,
        "anchor_service/standard_input.json": standard_input(REGISTRY),
        "anchor_service/relay.json": describe_relay(registry["address"]),
        "anchor_service/relay_standard_input.json": standard_input(RELAY),
    }
    stale = 0
    for name, content in files.items():
        path, built = ROOT / name, json.dumps(content, indent=1) + "\n"
        if not check:
            path.write_text(built)
        elif not path.exists() or path.read_text() != built:
            print(f"{name} is stale: run scripts/build_contract.py")
            stale = 1
    return stale


if __name__ == "__main__":
    sys.exit(main())

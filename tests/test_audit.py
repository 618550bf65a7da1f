"""What docs/audit/contract.md records is of this contract, and names what is there."""

import json
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RECORD = (ROOT / "docs/audit/contract.md").read_text(encoding="utf-8")
CONTRACT = (ROOT / "contracts/CredentialRegistry.sol").read_text(encoding="utf-8")
PINNED = json.loads((ROOT / "registry/core/contract.json").read_text(encoding="utf-8"))
BROKEN = json.loads((ROOT / "tests/audit/broken.json").read_text(encoding="utf-8"))


def functions(file: str, prefix: str) -> list[str]:
    text = (ROOT / file).read_text(encoding="utf-8")
    return re.findall(rf"function ({prefix}\w+)", text)


INVARIANTS = functions("tests/contracts/Invariants.t.sol", "invariant_")
PROPERTIES = functions("tests/audit/Symbolic.t.sol", "check_")


def test_the_audited_code_is_the_code_that_clients_pin() -> None:
    assert PINNED["creationCodeHash"] in RECORD
    assert PINNED["runtimeCodeHash"] in RECORD


def test_the_tools_compile_with_the_settings_that_decide_the_bytecode() -> None:
    file = ROOT / "tests/audit/foundry.toml"
    settings = tomllib.loads(file.read_text(encoding="utf-8"))["profile"]["default"]
    assert PINNED["compiler"]["settings"] == {
        "viaIR": settings["via_ir"],
        "optimizer": {"enabled": settings["optimizer"], "runs": settings["optimizer_runs"]},
        "evmVersion": settings["evm_version"],
        "metadata": {
            "appendCBOR": settings["cbor_metadata"],
            "bytecodeHash": settings["bytecode_hash"],
        },
    }


def test_all_eleven_invariants_are_there_and_recorded() -> None:
    numbers = re.findall(r"invariant_(\d\d)_", " ".join(INVARIANTS))
    assert numbers == [f"{number:02}" for number in range(1, 12)]
    assert [name for name in INVARIANTS + PROPERTIES if name not in RECORD] == []


def test_every_invariant_has_a_contract_that_breaks_it() -> None:
    assert {row["invariant"] for row in BROKEN} == set(INVARIANTS)
    assert {row["property"] for row in BROKEN if "property" in row} <= set(PROPERTIES)
    assert [row["old"] for row in BROKEN if row["old"] not in CONTRACT] == []


def test_every_recorded_survivor_is_a_change_of_a_line_that_is_there() -> None:
    lines = {line.strip() for line in CONTRACT.splitlines()}
    survivors = re.findall(r"^- `(.+) -> .+`", RECORD, re.MULTILINE)
    assert survivors
    assert [line for line in survivors if line not in lines] == []


def test_every_part_of_the_audit_is_recorded() -> None:
    script = (ROOT / "scripts/audit").read_text(encoding="utf-8")
    parts = re.findall(r'^    "(\w+)": \1,$', script, re.MULTILINE)
    assert len(parts) == 6
    assert [part for part in parts if f"`scripts/audit {part}`" not in RECORD] == []

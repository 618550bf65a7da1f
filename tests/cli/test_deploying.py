"""The registry on networks by name: once on each, at one address."""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import proxies
import pytest
from commands import Desk, lay_out_keys, wait_until
from web3 import Web3

from anchor_service.devchain import DEV_BALANCE
from anchor_service.keystore import keystore_address
from anchor_service.node import connect
from registry.core.contract import CONTRACT

ROOT = Path(__file__).resolve().parents[2]
OTHER_CHAIN = 560048


@contextmanager
def running(anvil: str, port: int, chain_id: int) -> Iterator[str]:
    """A bare node of one chain id: no deployer, no registry."""
    words = ["--port", str(port), "--chain-id", str(chain_id), "--block-time", "1", "--quiet"]
    words.append("--disable-default-create2-deployer")
    with subprocess.Popen([anvil, *words], stdout=subprocess.DEVNULL) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until(connect(url).is_connected, 30)
            yield url
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def chains(
    anvil: str, new_port: Callable[[], int], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Desk, Desk]]:
    """Two chains of different ids, neither with the registry, and who deploys to them."""
    with running(anvil, new_port(), 31337) as one, running(anvil, new_port(), 777_001) as other:
        folder = tmp_path_factory.mktemp("deploying")
        yield Desk(folder / "one/home", one), Desk(folder / "other/home", other)


def test_the_registry_has_one_address_and_one_code_hash_on_chains_of_different_ids(
    chains: tuple[Desk, Desk],
) -> None:
    one, other = chains
    first = one.run_here("deploy", "--network", "dev", "--json")
    second = other.run_here("deploy", "--network", "777001", "--json")
    assert (first.status, second.status) == (0, 0), (first, second)
    for said in (first, second):
        assert said.json["address"] == CONTRACT["address"]
        assert said.json["codeHash"] == CONTRACT["runtimeCodeHash"]
        assert said.json["deployed"] is True
    assert [said.json["chainId"] for said in (first, second)] == [31337, 777001]
    for desk in chains:
        code = connect(desk.node).eth.get_code(Web3.to_checksum_address(CONTRACT["address"]))
        assert Web3.keccak(code).to_0x_hex() == CONTRACT["runtimeCodeHash"]


def test_a_second_time_nothing_is_sent_and_the_record_keeps_what_it_knew(
    chains: tuple[Desk, Desk],
) -> None:
    desk, _ = chains
    desk.run_here("deploy", "--network", "dev")
    record = desk.home / "deployments/dev.json"
    before = json.loads(record.read_text())
    assert before["block"] > 0
    count = connect(desk.node).eth.get_transaction_count(connect(desk.node).eth.accounts[0])
    said = desk.run_here("deploy", "--network", "dev")
    assert said.status == 0
    assert "The registry is on the dev chain already" in said.out
    assert json.loads(record.read_text()) == before
    assert connect(desk.node).eth.get_transaction_count(connect(desk.node).eth.accounts[0]) == count


def test_a_node_of_another_chain_or_with_another_first_block_is_refused(
    anvil: str, new_port: Callable[[], int], tmp_path: Path
) -> None:
    with running(anvil, new_port(), OTHER_CHAIN) as url:
        desk = Desk(tmp_path / "home", url)
        said = desk.run_here("deploy", "--network", "sepolia")
        assert (said.status, "Sepolia is 11155111: set CREDROOT_RPC" in said.err) == (64, True)
        said = desk.run_here("deploy", "--network", "hoodi")
        assert (said.status, "first block is not that of Hoodi" in said.err) == (64, True)
        assert connect(url).eth.block_number < 30
        assert not (desk.home / "deployments").exists()


def test_a_key_pays_where_it_is_named_and_one_without_money_is_told_so(
    anvil: str, new_port: Callable[[], int], tmp_path: Path
) -> None:
    keystore = tmp_path / "keys/chain-key.json"
    lay_out_keys(keystore.parent)
    with running(anvil, new_port(), 777_002) as url:
        desk, w3 = Desk(tmp_path / "home", url), connect(url)
        payer = Web3.to_checksum_address(keystore_address(keystore))
        words = ("deploy", "--network", "777002", "--key", keystore)
        said = desk.run_here(*words)
        assert (said.status, "the deterministic deployer" in said.err) == (64, True)
        put_deployer(w3)
        said = desk.run_here(*words)
        assert (said.status, f"{payer} cannot pay for gas" in said.err) == (64, True)
        w3.provider.make_request("anvil_setBalance", [payer, hex(DEV_BALANCE)])  # type: ignore[arg-type]
        said = desk.run_here(*words, "--json")
        assert (said.status, said.json["deployed"]) == (0, True), said
        assert w3.eth.get_transaction_count(payer) == 1
        assert desk.run_here(*words, "--json").json["deployed"] is False


def put_deployer(w3: Web3) -> None:
    known = CONTRACT["deployerTransaction"]
    w3.provider.make_request("anvil_setBalance", [known["sender"], hex(10**18)])  # type: ignore[arg-type]
    w3.eth.wait_for_transaction_receipt(w3.eth.send_raw_transaction(known["raw"]))


def test_a_wallet_gets_the_call_that_creates_the_registry(chains: tuple[Desk, Desk]) -> None:
    desk, _ = chains
    batch = desk.run_here("deploy", "--network", "hoodi", "--unsigned", "--json").json
    (call,) = batch["transactions"]
    assert (batch["chainId"], call["to"]) == ("560048", CONTRACT["deployer"])
    assert call["data"] == "0x" + "00" * 32 + CONTRACT["creationCode"][2:]


def test_the_compilers_input_for_explorers_holds_the_sources_and_the_settings(
    chains: tuple[Desk, Desk], tmp_path: Path
) -> None:
    desk, _ = chains
    file = tmp_path / "input.json"
    said = desk.run_here("deploy", "--network", "dev", "--explorer-input", file)
    assert said.status == 0, said
    given = json.loads(file.read_text())
    source = (ROOT / "contracts/CredentialRegistry.sol").read_text()
    assert given["sources"]["contracts/CredentialRegistry.sol"]["content"] == source
    settings = CONTRACT["compiler"]["settings"]
    assert {name: given["settings"][name] for name in settings} == settings


def test_an_unknown_network_and_other_code_at_the_address_are_refused(
    anvil: str, new_port: Callable[[], int], tmp_path: Path
) -> None:
    with running(anvil, new_port(), 777_003) as url:
        desk = Desk(tmp_path / "home", url)
        said = desk.run_here("deploy", "--network", "goerli")
        assert (said.status, "there are hoodi, sepolia" in said.err) == (64, True)
        code = [CONTRACT["address"], "0x6001"]
        connect(url).provider.make_request("anvil_setCode", code)  # type: ignore[arg-type]
        said = desk.run_here("deploy", "--network", "777003")
        assert (said.status, "is not the registry" in said.err) == (64, True)


def test_blocks_with_long_extra_data_as_on_polygon_are_read(chains: tuple[Desk, Desk]) -> None:
    desk, _ = chains
    desk.run_here("deploy", "--network", "dev")
    with proxies.running("127.0.0.1", desk.node) as node:
        node.manner = with_long_extra_data
        said = replace(desk, node=node.url).run_here("deploy", "--network", "dev")
        assert said.status == 0, said
        assert connect(node.url).eth.get_block("latest")["number"] > 0


def with_long_extra_data(
    proxy: proxies.Proxy, handler: BaseHTTPRequestHandler, body: bytes
) -> None:
    answer = json.loads(proxies.truth(proxy, body))
    if isinstance(answer.get("result"), dict) and "extraData" in answer["result"]:
        answer["result"]["extraData"] = "0x" + "ab" * 97
    proxies.say(handler, json.dumps(answer).encode())


def test_a_node_that_is_not_there_is_told_by_its_host_alone(tmp_path: Path) -> None:
    for url, reason in [
        ("http://127.0.0.1:9/v3/secret", "nothing answers at 127.0.0.1:9"),
        ("http://user:secret@127.0.0.1:9", "nothing answers at 127.0.0.1:9"),
        ("nonsense", "is not the http(s) URL of a node"),
    ]:
        said = Desk(tmp_path / "home", url).run_here("deploy", "--network", "hoodi")
        assert (said.status, reason in said.err, "secret" in said.err) == (64, True, False), said


def test_a_node_that_wants_a_key_is_told_by_its_host_alone(tmp_path: Path) -> None:
    with proxies.running("127.0.0.1", "") as node:
        node.manner = lambda _proxy, handler, _body: proxies.say(handler, b"no", 401)
        url = node.url + "/v3/secret"
        said = Desk(tmp_path / "home", url).run_here("deploy", "--network", "hoodi")
    assert (said.status, "HTTP 401" in said.err, "secret" in said.err) == (64, True, False), said


def test_who_did_not_create_the_registry_finds_the_block_of_its_creation(
    chains: tuple[Desk, Desk], tmp_path: Path
) -> None:
    one, _ = chains
    one.run_here("deploy", "--network", "dev")
    created = json.loads((one.home / "deployments/dev.json").read_text())["block"]
    other = Desk(tmp_path / "home", one.node)
    assert other.run_here("deploy", "--network", "dev", "--json").json["block"] == created
    record = other.home / "deployments/dev.json"
    record.write_text("{")
    assert other.run_here("deploy", "--network", "dev", "--json").json["block"] == created

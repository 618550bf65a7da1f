// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICredentialRegistry} from "../../contracts/ICredentialRegistry.sol";
import {IRegistryRelay} from "../../contracts/periphery/IRegistryRelay.sol";
import {RegistryRelay} from "../../contracts/periphery/RegistryRelay.sol";
import {RegistryTest, Vm} from "./RegistryTest.sol";

/// @dev The cheat codes that only these tests use.
interface SigningVm is Vm {
    function addr(uint256 key) external pure returns (address);
    function sign(uint256 key, bytes32 digest)
        external
        pure
        returns (uint8 v, bytes32 r, bytes32 s);
    function chainId(uint256 id) external;
    function etch(address account, bytes calldata code) external;
}

/// @dev What is signed is encoded here once more, from the text of EIP-712.
abstract contract RelayTest is RegistryTest {
    SigningVm internal constant signing = SigningVm(address(vm));

    uint8 internal constant ALL = ANCHOR | REVOKE | SUSPEND | REINSTATE;
    uint256 internal constant KEY = 0x5161;
    uint256 internal constant OTHER_KEY = 0x5162;
    uint256 internal constant CHAIN = 560_048;
    uint256 internal constant ORDER =
        0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    RegistryRelay internal relay;
    address internal signer;

    function setUp() public virtual override {
        super.setUp();
        signing.chainId(CHAIN);
        relay = new RegistryRelay(registry);
        signer = signing.addr(KEY);
        _appoint(address(relay), ALL, NEVER);
        _appoint(signer, ALL, NEVER);
    }

    function _appoint(address operator, uint8 roles, uint40 expires) internal {
        vm.prank(ISSUER);
        registry.setOperator(ISSUER, operator, roles, expires);
    }

    function _anchorRequest() internal view returns (IRegistryRelay.Anchor memory) {
        return IRegistryRelay.Anchor(signer, ISSUER, ROOT, 1000, START + 60);
    }

    function _statusRequest(ICredentialRegistry.Kind kind, uint256 nonce)
        internal
        view
        returns (IRegistryRelay.SetStatus memory)
    {
        uint256 deadline = START + 60;
        return IRegistryRelay.SetStatus(signer, ISSUER, ROOT, kind, _patch(3, 6), nonce, deadline);
    }

    function _digest(IRegistryRelay.Anchor memory request) internal view returns (bytes32) {
        return _digest(address(relay), CHAIN, _hash(request));
    }

    function _digest(IRegistryRelay.SetStatus memory request) internal view returns (bytes32) {
        return _digest(address(relay), CHAIN, _hash(request));
    }

    function _signed(IRegistryRelay.Anchor memory request) internal view returns (bytes memory) {
        return _sign(KEY, _digest(request));
    }

    function _signed(IRegistryRelay.SetStatus memory request) internal view returns (bytes memory) {
        return _sign(KEY, _digest(request));
    }

    function _relay(IRegistryRelay.Anchor memory request) internal returns (uint32) {
        return relay.anchor(request, _signed(request));
    }

    function _relay(IRegistryRelay.SetStatus memory request) internal {
        relay.setStatus(request, _signed(request));
    }

    function _refuses(bytes4 why, IRegistryRelay.Anchor memory request, bytes memory signature)
        internal
    {
        vm.expectRevert(why);
        relay.anchor(request, signature);
    }

    function _refuses(bytes4 why, IRegistryRelay.SetStatus memory request, bytes memory signature)
        internal
    {
        vm.expectRevert(why);
        relay.setStatus(request, signature);
    }

    function _refuses(bytes4 why, IRegistryRelay.Anchor memory request) internal {
        _refuses(why, request, _signed(request));
    }

    function _refuses(bytes4 why, IRegistryRelay.SetStatus memory request) internal {
        _refuses(why, request, _signed(request));
    }

    function _sign(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = signing.sign(key, digest);
        return bytes.concat(r, s, bytes1(v));
    }

    function _digest(address verifier, uint256 chain, bytes32 structHash)
        internal
        pure
        returns (bytes32)
    {
        bytes32 domain = keccak256(
            bytes.concat(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,"
                    "address verifyingContract)"
                ),
                keccak256("RegistryRelay"),
                keccak256("1"),
                bytes32(chain),
                _word(verifier)
            )
        );
        return keccak256(bytes.concat(bytes2(0x1901), domain, structHash));
    }

    function _hash(IRegistryRelay.Anchor memory request) internal pure returns (bytes32) {
        return keccak256(
            bytes.concat(
                keccak256(
                    "Anchor(address signer,address issuer,bytes32 root,uint32 size,"
                    "uint256 deadline)"
                ),
                _word(request.signer),
                _word(request.issuer),
                request.root,
                bytes32(uint256(request.size)),
                bytes32(request.deadline)
            )
        );
    }

    function _hash(IRegistryRelay.SetStatus memory request) internal pure returns (bytes32) {
        bytes memory patches;
        for (uint256 i = 0; i < request.patches.length; ++i) {
            bytes32 word = bytes32(uint256(request.patches[i].word));
            bytes32 mask = bytes32(request.patches[i].mask);
            bytes memory patch =
                bytes.concat(keccak256("Patch(uint24 word,uint256 mask)"), word, mask);
            patches = bytes.concat(patches, keccak256(patch));
        }
        bytes memory head = bytes.concat(
            keccak256(
                "SetStatus(address signer,address issuer,bytes32 root,uint8 kind,Patch[] patches,"
                "uint256 nonce,uint256 deadline)Patch(uint24 word,uint256 mask)"
            ),
            _word(request.signer),
            _word(request.issuer),
            request.root,
            bytes32(uint256(uint8(request.kind)))
        );
        return keccak256(
            bytes.concat(
                head, keccak256(patches), bytes32(request.nonce), bytes32(request.deadline)
            )
        );
    }

    function _word(address account) internal pure returns (bytes32) {
        return bytes32(uint256(uint160(account)));
    }
}

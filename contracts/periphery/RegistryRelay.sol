// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICredentialRegistry} from "../ICredentialRegistry.sol";
import {IRegistryRelay} from "./IRegistryRelay.sol";

/// @title RegistryRelay
/// @notice See {IRegistryRelay} for all that is promised.
contract RegistryRelay is IRegistryRelay {
    string private constant NAME = "RegistryRelay";
    string private constant VERSION = "1";

    bytes32 private constant DOMAIN_TYPE = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    bytes32 private constant ANCHOR_TYPE = keccak256(
        "Anchor(address signer,address issuer,bytes32 root,uint32 size,uint256 deadline)"
    );
    bytes32 private constant SET_STATUS_TYPE = keccak256(
        "SetStatus(address signer,address issuer,bytes32 root,uint8 kind,Patch[] patches,"
        "uint256 nonce,uint256 deadline)Patch(uint24 word,uint256 mask)"
    );
    bytes32 private constant PATCH_TYPE = keccak256("Patch(uint24 word,uint256 mask)");

    /// @dev The selector of `isValidSignature(bytes32,bytes)`, and what it returns for yes.
    bytes4 private constant ERC1271 = 0x1626ba7e;
    /// @dev Half of the order of secp256k1: of the two s of a signature the lower one counts.
    uint256 private constant HALF_ORDER =
        0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    uint8 private constant ANCHOR = 1;
    uint8 private constant REVOKE = 2;

    /// @inheritdoc IRegistryRelay
    ICredentialRegistry public immutable registry;

    mapping(address signer => mapping(uint256 word => uint256 bits)) private _spent;

    /// @dev The registry has the same address on every chain, and so has what is created with it.
    constructor(ICredentialRegistry registry_) {
        registry = registry_;
    }

    /// @inheritdoc IRegistryRelay
    function anchor(Anchor calldata request, bytes calldata signature)
        external
        returns (uint32 seq)
    {
        _requireInTime(request.deadline);
        _requireEntitled(request.issuer, request.signer, ANCHOR);
        _requireSigned(request.signer, keccak256(abi.encode(ANCHOR_TYPE, request)), signature);
        seq = registry.anchor(request.issuer, request.root, request.size);
        emit Relayed(request.issuer, request.root, request.signer);
    }

    /// @inheritdoc IRegistryRelay
    function setStatus(SetStatus calldata request, bytes calldata signature) external {
        _requireInTime(request.deadline);
        // Role bits are in the order of the kinds.
        _requireEntitled(request.issuer, request.signer, REVOKE << uint8(request.kind));
        _requireSigned(request.signer, _hash(request), signature);
        _spend(request.signer, request.nonce);
        registry.setStatus(request.issuer, request.root, request.kind, request.patches);
        emit Relayed(request.issuer, request.root, request.signer);
    }

    /// @inheritdoc IRegistryRelay
    function cancel(uint256 nonce) external {
        _spend(msg.sender, nonce);
        emit Cancelled(msg.sender, nonce);
    }

    /// @inheritdoc IRegistryRelay
    function isSpent(address signer, uint256 nonce) public view returns (bool) {
        return _spent[signer][nonce >> 8] >> (nonce & 255) & 1 != 0;
    }

    /// @inheritdoc IRegistryRelay
    function eip712Domain()
        external
        view
        returns (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        )
    {
        // The lowest four bits: the four fields of the domain's type.
        return (0x0f, NAME, VERSION, block.chainid, address(this), 0, extensions);
    }

    function _spend(address signer, uint256 nonce) private {
        if (isSpent(signer, nonce)) revert NonceAlreadySpent();
        _spent[signer][nonce >> 8] |= 1 << (nonce & 255);
    }

    function _requireInTime(uint256 deadline) private view {
        if (block.timestamp > deadline) revert DeadlinePassed();
    }

    /// @dev What the registry would ask of the signer, had it sent the call itself.
    function _requireEntitled(address issuer, address signer, uint8 role) private view {
        (uint8 roles,) = registry.operatorOf(issuer, signer);
        if (roles & role == 0 && registry.issuerOf(issuer).controller != signer) {
            revert NotEntitled();
        }
    }

    function _requireSigned(address signer, bytes32 structHash, bytes calldata signature)
        private
        view
    {
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", _domain(), structHash));
        bool signed = signer.code.length == 0
            ? _isByKey(signer, digest, signature)
            : _isByCode(signer, digest, signature);
        if (!signed) revert InvalidSignature();
    }

    function _isByCode(address signer, bytes32 digest, bytes calldata signature)
        private
        view
        returns (bool)
    {
        (bool answered, bytes memory answer) =
            signer.staticcall(abi.encodeWithSelector(ERC1271, digest, signature));
        return answered && answer.length >= 32 && bytes32(answer) == bytes32(ERC1271);
    }

    /// @dev The chain's id is asked each time: after a fork, each branch has its own.
    function _domain() private view returns (bytes32) {
        return keccak256(
            abi.encode(
                DOMAIN_TYPE,
                keccak256(bytes(NAME)),
                keccak256(bytes(VERSION)),
                block.chainid,
                address(this)
            )
        );
    }

    function _isByKey(address signer, bytes32 digest, bytes calldata signature)
        private
        pure
        returns (bool)
    {
        if (signature.length != 65) return false;
        (bytes32 r, bytes32 s) = (bytes32(signature[:32]), bytes32(signature[32:64]));
        // Of a v that is neither 27 nor 28 the precompile recovers nobody; nobody is the address 0.
        address recovered = ecrecover(digest, uint8(signature[64]), r, s);
        return uint256(s) <= HALF_ORDER && recovered == signer && signer != address(0);
    }

    /// @dev `hashStruct` of EIP-712. A list is hashed as the hashes of its members, end to end.
    function _hash(SetStatus calldata request) private pure returns (bytes32) {
        bytes32[] memory patches = new bytes32[](request.patches.length);
        for (uint256 i = 0; i < patches.length; ++i) {
            patches[i] = keccak256(abi.encode(PATCH_TYPE, request.patches[i]));
        }
        return keccak256(
            abi.encode(
                SET_STATUS_TYPE,
                request.signer,
                request.issuer,
                request.root,
                request.kind,
                keccak256(abi.encodePacked(patches)),
                request.nonce,
                request.deadline
            )
        );
    }
}

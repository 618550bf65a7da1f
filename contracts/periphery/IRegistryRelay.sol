// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICredentialRegistry} from "../ICredentialRegistry.sol";

/// @title A relay for the registry: one signs, another pays
/// @notice An issuer appoints this contract as an operator. Whoever is entitled at the registry
/// signs a request (EIP-712), and anyone sends it and pays. There is no owner, nobody can upgrade
/// or pause it, and it takes no ETH.
///
/// The relay widens nobody's power: a request counts if, at the time of the call, its signer is the
/// issuer's controller or an operator with the role that is needed, and the relay itself is an
/// operator with that role. An expiry, a removal or a succession at the registry ends what was
/// signed before; to appoint the same signer and the relay again revives it until its deadline.
///
/// A signer without code signs by ECDSA: 65 bytes r, s, v with the lower s, and v 27 or 28. A
/// signer with code, an account that delegates to code (EIP-7702) too, signs as its code says
/// (ERC-1271), and in no other way. To appoint a contract as operator is to trust its
/// `isValidSignature` with its roles.
///
/// The registry's own errors come through unchanged. Its events name this relay as the operator;
/// `Relayed` beside them names the signer.
interface IRegistryRelay {
    /// @notice A request to anchor a batch; also the signed EIP-712 type of this name. It needs no
    /// nonce: the registry anchors a root of an issuer once.
    /// @param signer Who signs. Signed too, so that a signature of a key that speaks for several
    /// accounts counts for one of them.
    /// @param deadline The last second, of the chain's time, at which the request counts.
    struct Anchor {
        address signer;
        address issuer;
        bytes32 root;
        uint32 size;
        uint256 deadline;
    }

    /// @notice A request to change the status of credentials; also the signed EIP-712 type of this
    /// name, in which `kind` is a uint8: 0 revoke, 1 suspend, 2 reinstate.
    /// @param nonce Any number that the signer has not used; counts once. Requests do not wait for
    /// each other. Numbers that differ in their low 8 bits only share a slot and cost less gas.
    struct SetStatus {
        address signer;
        address issuer;
        bytes32 root;
        ICredentialRegistry.Kind kind;
        ICredentialRegistry.Patch[] patches;
        uint256 nonce;
        uint256 deadline;
    }

    /// @notice A request of `signer` was carried out: the registry's event just before tells what.
    event Relayed(address indexed issuer, bytes32 indexed root, address indexed signer);

    /// @notice The signer spent a nonce on nothing: no request with it counts any more.
    event Cancelled(address indexed signer, uint256 nonce);

    /// @notice The deadline of the request is over.
    error DeadlinePassed();
    /// @notice The signer is neither the issuer's controller nor its operator with the role that is
    /// needed. (That the relay is not is the registry's `NotAuthorized`.)
    error NotEntitled();
    /// @notice The signature is not one of the signer over this request, for this relay on this
    /// chain.
    error InvalidSignature();
    /// @notice The signer's nonce was used, or cancelled.
    error NonceAlreadySpent();

    /// @notice Anchors a batch as the registry's `anchor` does. For anyone who has the signature.
    /// @return seq What the registry returns.
    function anchor(Anchor calldata request, bytes calldata signature)
        external
        returns (uint32 seq);

    /// @notice Changes the status of credentials as the registry's `setStatus` does, and spends the
    /// nonce. For anyone who has the signature.
    function setStatus(SetStatus calldata request, bytes calldata signature) external;

    /// @notice Spends a nonce of the caller, whether or not anything was signed with it.
    function cancel(uint256 nonce) external;

    /// @notice Whether a request of `signer` with this nonce was carried out or cancelled.
    function isSpent(address signer, uint256 nonce) external view returns (bool);

    /// @notice The registry that this relay acts at.
    function registry() external view returns (ICredentialRegistry);

    /// @notice The domain of what is signed (EIP-5267): name, version, the chain's id at the time
    /// of the call, and this contract.
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
        );
}

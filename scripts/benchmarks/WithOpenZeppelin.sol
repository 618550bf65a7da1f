// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";

/// @notice What one would write with OpenZeppelin's parts for the same question: is this leaf in a
/// tree that the issuer anchored, and is it not revoked? OpenZeppelin's paths do not tell the
/// index, so that it is hashed into the leaf.
contract WithOpenZeppelin {
    using BitMaps for BitMaps.BitMap;

    mapping(address issuer => mapping(bytes32 root => uint256)) private _anchoredAt;
    mapping(address issuer => mapping(bytes32 root => BitMaps.BitMap)) private _revoked;

    function anchor(bytes32 root) external {
        _anchoredAt[msg.sender][root] = block.timestamp;
    }

    function verify(
        address issuer,
        bytes32 root,
        uint256 index,
        bytes32 leafHash,
        bytes32[] calldata path
    ) external view returns (bool) {
        return _anchoredAt[issuer][root] != 0 && !_revoked[issuer][root].get(index)
            && includes(root, keccak256(abi.encode(index, leafHash)), path);
    }

    function includes(bytes32 root, bytes32 leaf, bytes32[] calldata path)
        public
        pure
        returns (bool)
    {
        return MerkleProof.verifyCalldata(path, root, leaf);
    }
}

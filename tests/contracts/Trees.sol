// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev RFC 9162 in the words of its definitions (2.1.1, 2.1.3.1), as slow as they are plain; it
/// shares nothing with the contract.
library Trees {
    /// @dev The head of the tree over the leaf hashes `from` to `to - 1`.
    function head(bytes32[] memory leaves, uint256 from, uint256 to)
        internal
        pure
        returns (bytes32)
    {
        if (to - from == 1) return leaves[from];
        uint256 middle = from + split(to - from);
        return node(head(leaves, from, middle), head(leaves, middle, to));
    }

    /// @dev The inclusion path of leaf `index` in that tree.
    function path(bytes32[] memory leaves, uint256 index, uint256 from, uint256 to)
        internal
        pure
        returns (bytes32[] memory siblings)
    {
        if (to - from == 1) return new bytes32[](0);
        uint256 middle = from + split(to - from);
        bool left = index < middle;
        bytes32[] memory below =
            left ? path(leaves, index, from, middle) : path(leaves, index, middle, to);
        siblings = resized(below, below.length + 1);
        siblings[below.length] = left ? head(leaves, middle, to) : head(leaves, from, middle);
    }

    /// @dev Whether the path leads from the leaf at `index` of `size` to `root`.
    function holds(
        bytes32 root,
        uint256 index,
        uint256 size,
        bytes32 leaf,
        bytes32[] memory siblings
    ) internal pure returns (bool) {
        (bool fits, bytes32 found) = headFrom(index, size, leaf, siblings);
        return fits && found == root;
    }

    /// @dev The head that a path leads to, if it is as long as it has to be.
    function headFrom(uint256 index, uint256 size, bytes32 leaf, bytes32[] memory siblings)
        internal
        pure
        returns (bool, bytes32)
    {
        return index < size ? _headFrom(index, size, leaf, siblings, siblings.length) : (false, leaf);
    }

    function _headFrom(
        uint256 index,
        uint256 size,
        bytes32 leaf,
        bytes32[] memory siblings,
        uint256 left
    ) private pure returns (bool fits, bytes32 found) {
        if (size == 1) return (left == 0, leaf);
        if (left == 0) return (false, leaf);
        uint256 middle = split(size);
        bytes32 sibling = siblings[left - 1];
        if (index < middle) {
            (fits, found) = _headFrom(index, middle, leaf, siblings, left - 1);
            return (fits, node(found, sibling));
        }
        (fits, found) = _headFrom(index - middle, size - middle, leaf, siblings, left - 1);
        return (fits, node(sibling, found));
    }

    /// @dev The largest power of two below the size.
    function split(uint256 size) internal pure returns (uint256 power) {
        power = 1;
        while (power * 2 < size) power *= 2;
    }

    function node(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(hex"01", left, right));
    }

    /// @dev The first `length` of the siblings, with zeros behind where there are fewer.
    function resized(bytes32[] memory siblings, uint256 length)
        internal
        pure
        returns (bytes32[] memory copy)
    {
        copy = new bytes32[](length);
        for (uint256 i = 0; i < length && i < siblings.length; ++i) {
            copy[i] = siblings[i];
        }
    }
}

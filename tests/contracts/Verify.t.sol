// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICredentialRegistry} from "../../contracts/ICredentialRegistry.sol";
import {RegistryTest} from "./RegistryTest.sol";

/// @dev The tree here is the recursive definition of RFC 9162, 2.1.1 and 2.1.3.1, as slow as it is
/// plain, and shares nothing with the contract.
contract VerifyTest is RegistryTest {
    uint256 private constant LARGEST = 40;

    function test_TheKnownTreeOfEightLeavesIsVerified() public {
        // The leaves and the root that the Certificate Transparency projects test with.
        bytes[8] memory data = [
            bytes(""),
            hex"00",
            hex"10",
            hex"2021",
            hex"3031",
            hex"40414243",
            hex"5051525354555657",
            hex"606162636465666768696a6b6c6d6e6f"
        ];
        bytes32[] memory leaves = new bytes32[](8);
        for (uint256 i = 0; i < 8; ++i) {
            leaves[i] = sha256(abi.encodePacked(hex"00", data[i]));
        }
        bytes32 root = 0x5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328;
        _anchor(root, 8);
        for (uint32 i = 0; i < 8; ++i) {
            _expect(root, i, leaves[i], _path(leaves, i, 0, 8), true);
        }
    }

    function test_EveryLeafOfEverySizeIsVerified() public {
        for (uint256 size = 1; size <= LARGEST; ++size) {
            (bytes32[] memory leaves, bytes32 root) = _tree(size);
            for (uint32 i = 0; i < size; ++i) {
                _expect(root, i, leaves[i], _path(leaves, i, 0, size), true);
            }
        }
    }

    function test_APathProvesItsOwnIndexAndNoOther() public {
        for (uint256 size = 1; size <= 17; ++size) {
            (bytes32[] memory leaves, bytes32 root) = _tree(size);
            for (uint32 i = 0; i < size; ++i) {
                bytes32[] memory path = _path(leaves, i, 0, size);
                for (uint32 j = 0; j < size + 2; ++j) {
                    _expect(root, j, leaves[i], path, i == j);
                }
            }
        }
    }

    function test_AnotherLeafIsNotProved() public {
        for (uint256 size = 1; size <= LARGEST; ++size) {
            (bytes32[] memory leaves, bytes32 root) = _tree(size);
            for (uint32 i = 0; i < size; ++i) {
                bytes32 other = leaves[i] ^ bytes32(uint256(1));
                _expect(root, i, other, _path(leaves, i, 0, size), false);
            }
        }
    }

    function test_APathThatIsTooLongOrTooShortProvesNothing() public {
        for (uint256 size = 1; size <= LARGEST; ++size) {
            (bytes32[] memory leaves, bytes32 root) = _tree(size);
            for (uint32 i = 0; i < size; ++i) {
                bytes32[] memory path = _path(leaves, i, 0, size);
                _expect(root, i, leaves[i], _resized(path, path.length + 1), false);
                if (path.length == 0) continue;
                _expect(root, i, leaves[i], _resized(path, path.length - 1), false);
                _expect(root, i, leaves[i], new bytes32[](0), false);
            }
        }
    }

    function test_ANodeThatHashesToTheRootOneLevelTooLateProvesNothing() public {
        // The path is right for a larger tree with the same root on its left edge.
        (bytes32[] memory leaves, bytes32 root) = _tree(4);
        bytes32[] memory path = _path(leaves, 0, 0, 4);
        vm.prank(OTHER_ISSUER);
        registry.anchor(OTHER_ISSUER, root, 8);
        (ICredentialRegistry.State state,) =
            registry.verify(OTHER_ISSUER, root, 0, leaves[0], path);
        vm.assertEq(uint8(state), 0, "too few levels for the size");
    }

    function test_AnInnerNodePassedOffAsALeafProvesNothing() public {
        (bytes32[] memory leaves, bytes32 root) = _tree(8);
        bytes32 inner = _hash(leaves, 0, 2);
        bytes32[] memory path = _path(leaves, 0, 0, 8);
        bytes32[] memory above = new bytes32[](2);
        (above[0], above[1]) = (path[1], path[2]);
        for (uint32 i = 0; i < 8; ++i) {
            _expect(root, i, inner, above, false);
        }
        _expect(root, 0, root, new bytes32[](0), false);
    }

    function test_AnyChangedSiblingProvesNothing() public {
        (bytes32[] memory leaves, bytes32 root) = _tree(39);
        for (uint32 i = 0; i < 39; ++i) {
            bytes32[] memory path = _path(leaves, i, 0, 39);
            for (uint256 j = 0; j < path.length; ++j) {
                path[j] = ~path[j];
                _expect(root, i, leaves[i], path, false);
                path[j] = ~path[j];
            }
        }
    }

    function test_ATreeOfOneLeafIsItsLeafWithAnEmptyPath() public {
        bytes32 leaf = sha256("one");
        _anchor(leaf, 1);
        _expect(leaf, 0, leaf, new bytes32[](0), true);
        _expect(leaf, 1, leaf, new bytes32[](0), false);
        _expect(leaf, 0, leaf, new bytes32[](1), false);
    }

    function test_TheFirstAndTheLastLeafOfTheLargestTreeAreVerified() public {
        bytes32[] memory path = new bytes32[](32);
        bytes32 first = sha256("first");
        bytes32 root = first;
        for (uint256 i = 0; i < 32; ++i) {
            path[i] = sha256(abi.encode(i));
            root = _node(root, path[i]);
        }
        _anchor(root, type(uint32).max);
        _expect(root, 0, first, path, true);
        _expect(root, 0, first, _resized(path, 31), false);
        _expect(root, 0, first, _resized(path, 33), false);

        // The last index is even, with all bits above set: alone in the lowest level only.
        bytes32 last = sha256("last");
        root = last;
        for (uint256 i = 0; i < 31; ++i) {
            root = _node(path[i], root);
        }
        _anchor(root, type(uint32).max);
        _expect(root, type(uint32).max - 1, last, _resized(path, 31), true);
        _expect(root, type(uint32).max - 1, last, path, false);
        _expect(root, type(uint32).max, last, _resized(path, 31), false);
    }

    function test_WhatIsNotAnchoredIsNotVerified() public view {
        bytes32 leaf = sha256("one");
        (ICredentialRegistry.State state, ICredentialRegistry.Batch memory batch) =
            registry.verify(ISSUER, leaf, 0, leaf, new bytes32[](0));
        vm.assertEq(uint8(state), 0, "state");
        vm.assertEq(batch.size, 0, "size");
    }

    function test_AnIndexBeyondTheBatchIsUnanchoredAndTheBatchStillTold() public {
        (bytes32[] memory leaves, bytes32 root) = _tree(3);
        (ICredentialRegistry.State state, ICredentialRegistry.Batch memory batch) =
            registry.verify(ISSUER, root, 3, leaves[2], _path(leaves, 2, 0, 3));
        vm.assertEq(uint8(state), 0, "state");
        vm.assertEq(batch.size, 3, "size");
    }

    function test_VerifyingTellsTheStatusOfWhatIsIncluded() public {
        (bytes32[] memory leaves, bytes32 root) = _tree(5);
        vm.prank(ISSUER);
        registry.setStatus(ISSUER, root, ICredentialRegistry.Kind.Revoke, _patch(0, 1));
        vm.prank(ISSUER);
        registry.setStatus(ISSUER, root, ICredentialRegistry.Kind.Suspend, _patch(0, 2));
        uint8[3] memory want = [2, 3, 4];
        for (uint32 i = 0; i < 3; ++i) {
            (ICredentialRegistry.State state, ICredentialRegistry.Batch memory batch) =
                registry.verify(ISSUER, root, i, leaves[i], _path(leaves, i, 0, 5));
            vm.assertEq(uint8(state), want[i], "state");
            vm.assertEq(batch.flags, 2, "flags");
        }
    }

    function test_WhatIsNotIncludedIsUnanchoredEvenWhereItIsRevoked() public {
        (bytes32[] memory leaves, bytes32 root) = _tree(5);
        vm.prank(ISSUER);
        registry.setBatchStatus(ISSUER, ICredentialRegistry.Kind.Revoke, _roots(root));
        _expect(root, 0, leaves[1], _path(leaves, 0, 0, 5), false);
    }

    function test_WithoutThePrecompileNothingIsVerified() public {
        (bytes32[] memory leaves, bytes32 root) = _tree(2);
        bytes32[] memory path = _path(leaves, 0, 0, 2);
        vm.mockCall(address(2), "", "");
        vm.expectRevert(ICredentialRegistry.Sha256Unavailable.selector);
        registry.verify(ISSUER, root, 0, leaves[0], path);
        vm.mockCall(address(2), "", new bytes(64));
        vm.expectRevert(ICredentialRegistry.Sha256Unavailable.selector);
        registry.verify(ISSUER, root, 0, leaves[0], path);
    }

    function _expect(
        bytes32 root,
        uint32 index,
        bytes32 leaf,
        bytes32[] memory path,
        bool included
    ) private view {
        (ICredentialRegistry.State state,) = registry.verify(ISSUER, root, index, leaf, path);
        bool valid = state == ICredentialRegistry.State.Valid;
        vm.assertEq(valid, included, "included");
        if (!valid) vm.assertEq(uint8(state), 0, "state");
    }

    function _tree(uint256 size) private returns (bytes32[] memory leaves, bytes32 root) {
        leaves = new bytes32[](size);
        for (uint256 i = 0; i < size; ++i) {
            leaves[i] = sha256(abi.encodePacked(hex"00", size, i));
        }
        root = _hash(leaves, 0, size);
        _anchor(root, uint32(size));
    }

    function _hash(bytes32[] memory leaves, uint256 from, uint256 to)
        private
        pure
        returns (bytes32)
    {
        if (to - from == 1) return leaves[from];
        uint256 middle = from + _split(to - from);
        return _node(_hash(leaves, from, middle), _hash(leaves, middle, to));
    }

    function _path(bytes32[] memory leaves, uint256 index, uint256 from, uint256 to)
        private
        pure
        returns (bytes32[] memory path)
    {
        if (to - from == 1) return new bytes32[](0);
        uint256 middle = from + _split(to - from);
        bool left = index < middle;
        bytes32[] memory below =
            left ? _path(leaves, index, from, middle) : _path(leaves, index, middle, to);
        path = _resized(below, below.length + 1);
        path[below.length] = left ? _hash(leaves, middle, to) : _hash(leaves, from, middle);
    }

    /// @dev The largest power of two below the size.
    function _split(uint256 size) private pure returns (uint256 power) {
        power = 1;
        while (power * 2 < size) power *= 2;
    }

    function _node(bytes32 left, bytes32 right) private pure returns (bytes32) {
        return sha256(abi.encodePacked(hex"01", left, right));
    }

    function _resized(bytes32[] memory path, uint256 length)
        private
        pure
        returns (bytes32[] memory resized)
    {
        resized = new bytes32[](length);
        for (uint256 i = 0; i < length && i < path.length; ++i) {
            resized[i] = path[i];
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICredentialRegistry} from "../../contracts/ICredentialRegistry.sol";
import {RegistryTest} from "./RegistryTest.sol";
import {Trees} from "./Trees.sol";

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
            _expect(root, i, leaves[i], Trees.path(leaves, i, 0, 8), true);
        }
    }

    function test_EveryLeafOfEverySizeIsVerified() public {
        for (uint256 size = 1; size <= LARGEST; ++size) {
            (bytes32[] memory leaves, bytes32 root) = _tree(size);
            for (uint32 i = 0; i < size; ++i) {
                _expect(root, i, leaves[i], Trees.path(leaves, i, 0, size), true);
            }
        }
    }

    function test_APathProvesItsOwnIndexAndNoOther() public {
        for (uint256 size = 1; size <= 17; ++size) {
            (bytes32[] memory leaves, bytes32 root) = _tree(size);
            for (uint32 i = 0; i < size; ++i) {
                bytes32[] memory path = Trees.path(leaves, i, 0, size);
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
                _expect(root, i, other, Trees.path(leaves, i, 0, size), false);
            }
        }
    }

    function test_APathThatIsTooLongOrTooShortProvesNothing() public {
        for (uint256 size = 1; size <= LARGEST; ++size) {
            (bytes32[] memory leaves, bytes32 root) = _tree(size);
            for (uint32 i = 0; i < size; ++i) {
                bytes32[] memory path = Trees.path(leaves, i, 0, size);
                _expect(root, i, leaves[i], Trees.resized(path, path.length + 1), false);
                if (path.length == 0) continue;
                _expect(root, i, leaves[i], Trees.resized(path, path.length - 1), false);
                _expect(root, i, leaves[i], new bytes32[](0), false);
            }
        }
    }

    function test_ANodeThatHashesToTheRootOneLevelTooLateProvesNothing() public {
        // The path is right for a larger tree with the same root on its left edge.
        (bytes32[] memory leaves, bytes32 root) = _tree(4);
        bytes32[] memory path = Trees.path(leaves, 0, 0, 4);
        vm.prank(OTHER_ISSUER);
        registry.anchor(OTHER_ISSUER, root, 8);
        (ICredentialRegistry.State state,) =
            registry.verify(OTHER_ISSUER, root, 0, leaves[0], path);
        vm.assertEq(uint8(state), 0, "too few levels for the size");
    }

    function test_AnInnerNodePassedOffAsALeafProvesNothing() public {
        (bytes32[] memory leaves, bytes32 root) = _tree(8);
        bytes32 inner = Trees.head(leaves, 0, 2);
        bytes32[] memory path = Trees.path(leaves, 0, 0, 8);
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
            bytes32[] memory path = Trees.path(leaves, i, 0, 39);
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
            root = Trees.node(root, path[i]);
        }
        _anchor(root, type(uint32).max);
        _expect(root, 0, first, path, true);
        _expect(root, 0, first, Trees.resized(path, 31), false);
        _expect(root, 0, first, Trees.resized(path, 33), false);

        // The last index is even, with all bits above set: alone in the lowest level only.
        bytes32 last = sha256("last");
        root = last;
        for (uint256 i = 0; i < 31; ++i) {
            root = Trees.node(path[i], root);
        }
        _anchor(root, type(uint32).max);
        _expect(root, type(uint32).max - 1, last, Trees.resized(path, 31), true);
        _expect(root, type(uint32).max - 1, last, path, false);
        _expect(root, type(uint32).max, last, Trees.resized(path, 31), false);
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
            registry.verify(ISSUER, root, 3, leaves[2], Trees.path(leaves, 2, 0, 3));
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
                registry.verify(ISSUER, root, i, leaves[i], Trees.path(leaves, i, 0, 5));
            vm.assertEq(uint8(state), want[i], "state");
            vm.assertEq(batch.flags, 2, "flags");
        }
    }

    function test_WhatIsNotIncludedIsUnanchoredEvenWhereItIsRevoked() public {
        (bytes32[] memory leaves, bytes32 root) = _tree(5);
        vm.prank(ISSUER);
        registry.setBatchStatus(ISSUER, ICredentialRegistry.Kind.Revoke, _roots(root));
        _expect(root, 0, leaves[1], Trees.path(leaves, 0, 0, 5), false);
    }

    function test_WithoutThePrecompileNothingIsVerified() public {
        (bytes32[] memory leaves, bytes32 root) = _tree(2);
        bytes32[] memory path = Trees.path(leaves, 0, 0, 2);
        vm.mockCall(address(2), "", "");
        vm.expectRevert(ICredentialRegistry.Sha256Unavailable.selector);
        registry.verify(ISSUER, root, 0, leaves[0], path);
        vm.mockCall(address(2), "", new bytes(64));
        vm.expectRevert(ICredentialRegistry.Sha256Unavailable.selector);
        registry.verify(ISSUER, root, 0, leaves[0], path);
    }

    function test_ThePrecompilesFailureVerifiesNothing() public {
        (bytes32[] memory leaves, bytes32 root) = _tree(2);
        bytes32[] memory path = Trees.path(leaves, 0, 0, 2);
        vm.mockCallRevert(address(2), "", new bytes(32));
        vm.expectRevert(ICredentialRegistry.Sha256Unavailable.selector);
        registry.verify(ISSUER, root, 0, leaves[0], path);
    }

    /// @dev Each path under an issuer of its own, since some share their root and differ in size.
    function test_ThePublishedPathsAreVerifiedExactlyWhereTheyHold() public {
        string memory json = vm.readFile("tests/vectors/merkle.json");
        string[] memory names = abi.decode(vm.parseJson(json, "$.cases[*].name"), (string[]));
        uint256[] memory sizes = abi.decode(vm.parseJson(json, "$.cases[*].size"), (uint256[]));
        uint256[] memory indices =
            abi.decode(vm.parseJson(json, "$.cases[*].index"), (uint256[]));
        bytes32[] memory leaves = abi.decode(vm.parseJson(json, "$.cases[*].leaf"), (bytes32[]));
        bytes32[] memory roots = abi.decode(vm.parseJson(json, "$.cases[*].root"), (bytes32[]));
        bytes32[][] memory paths =
            abi.decode(vm.parseJson(json, "$.cases[*].path"), (bytes32[][]));
        vm.assertTrue(names.length > 200, "all cases");
        for (uint160 i = 0; i < names.length; ++i) {
            // The two that no batch can have: a call cannot even say the larger.
            if (sizes[i] == 0 || sizes[i] > type(uint32).max) continue;
            (address issuer, uint32 index) = (address(i + 1), uint32(indices[i]));
            vm.prank(issuer);
            registry.anchor(issuer, roots[i], uint32(sizes[i]));
            (ICredentialRegistry.State state,) =
                registry.verify(issuer, roots[i], index, leaves[i], paths[i]);
            bool holds = state == ICredentialRegistry.State.Valid;
            vm.assertEq(holds, !_endsWith(names[i], "_fail"), names[i]);
            if (!holds) vm.assertEq(uint8(state), 0, names[i]);
        }
    }

    /// forge-config: default.fuzz.runs = 40
    function testFuzz_APathHoldsWhereTheDefinitionSaysSo(
        uint32 size,
        uint32 index,
        bytes32 leaf,
        bytes32[] memory path
    ) public {
        if (size == 0) size = 1;
        // Small ones half of the time, or no path would have the right length.
        if (leaf & bytes32(uint256(1)) != 0) (size, index) = (size % 300 + 1, index % 300);
        (bytes32 root, uint256 right) = (keccak256("of an index beyond the size"), 34);
        for (uint256 length = 0; length <= 33; ++length) {
            bytes32[] memory siblings = Trees.resized(path, length);
            (bool fits, bytes32 head) = Trees.headFrom(index, size, leaf, siblings);
            if (fits && head != 0) (root, right) = (head, length);
        }
        _anchor(root, size);
        for (uint256 length = 0; length <= 33; ++length) {
            _expect(root, index, leaf, Trees.resized(path, length), length == right);
        }
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
        root = Trees.head(leaves, 0, size);
        _anchor(root, uint32(size));
    }

    function _endsWith(string memory text, string memory end) private pure returns (bool) {
        (uint256 length, uint256 tail) = (bytes(text).length, bytes(end).length);
        if (length < tail) return false;
        bytes memory last = new bytes(tail);
        for (uint256 i = 0; i < tail; ++i) {
            last[i] = bytes(text)[length - tail + i];
        }
        return keccak256(last) == keccak256(bytes(end));
    }
}

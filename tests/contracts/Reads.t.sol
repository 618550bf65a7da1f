// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICredentialRegistry} from "../../contracts/ICredentialRegistry.sol";
import {RegistryTest} from "./RegistryTest.sol";

contract ReadsTest is RegistryTest {
    ICredentialRegistry.Kind private constant Revoke = ICredentialRegistry.Kind.Revoke;
    ICredentialRegistry.Kind private constant Suspend = ICredentialRegistry.Kind.Suspend;

    function test_ManyAreAnsweredInTheOrderAsked() public {
        _anchor(ROOT, 4);
        _set(Revoke, 0, 1);
        _set(Suspend, 0, 2);
        ICredentialRegistry.Query[] memory queries = new ICredentialRegistry.Query[](5);
        queries[0] = ICredentialRegistry.Query(ISSUER, ROOT, 4);
        queries[1] = ICredentialRegistry.Query(ISSUER, ROOT, 2);
        queries[2] = ICredentialRegistry.Query(OTHER_ISSUER, ROOT, 0);
        queries[3] = ICredentialRegistry.Query(ISSUER, ROOT, 0);
        queries[4] = ICredentialRegistry.Query(ISSUER, ROOT, 1);
        ICredentialRegistry.Answer[] memory answers = registry.statusMany(queries);
        vm.assertEq(answers.length, 5, "length");
        uint8[5] memory want = [1, 4, 0, 2, 3];
        for (uint256 i = 0; i < 5; ++i) {
            vm.assertEq(uint8(answers[i].state), want[i], "state");
            vm.assertEq(answers[i].batch.size, i == 2 ? 0 : 4, "size");
        }
    }

    function test_AskingForNoneGivesNone() public view {
        vm.assertEq(registry.statusMany(new ICredentialRegistry.Query[](0)).length, 0, "length");
    }

    function test_WordsHaveTheBitsOfBothLanes() public {
        _anchor(ROOT, 600);
        _set(Revoke, 0, 5);
        _set(Revoke, 2, 1 << 87);
        _set(Suspend, 1, type(uint256).max);
        (ICredentialRegistry.Batch memory batch, uint256[2][] memory words) =
            registry.statusWords(ISSUER, ROOT, 0, 3);
        _expectBatch(batch, _head());
        vm.assertEq(words.length, 3, "length");
        uint256[2][3] memory want =
            [[uint256(5), 0], [0, type(uint256).max], [uint256(1 << 87), 0]];
        for (uint256 i = 0; i < 3; ++i) {
            vm.assertEq(words[i][0], want[i][0], "revoked");
            vm.assertEq(words[i][1], want[i][1], "suspended");
        }
    }

    function test_WordsStartWhereAsked() public {
        _anchor(ROOT, 600);
        _set(Revoke, 1, 7);
        (, uint256[2][] memory words) = registry.statusWords(ISSUER, ROOT, 1, 1);
        vm.assertEq(words.length, 1, "length");
        vm.assertEq(words[0][0], 7, "revoked");
    }

    function test_WordsEndWhereTheBatchEnds() public {
        _expectWords(1, 0, 10, 1);
        _expectWords(255, 0, 10, 1);
        _expectWords(256, 0, 10, 1);
        _expectWords(257, 0, 10, 2);
        _expectWords(511, 0, 10, 2);
        _expectWords(512, 0, 10, 2);
        _expectWords(513, 0, 10, 3);
        _expectWords(512, 1, 10, 1);
        _expectWords(512, 2, 10, 0);
        _expectWords(512, 3, 10, 0);
        _expectWords(512, 0, 0, 0);
        _expectWords(512, 0, 1, 1);
        _expectWords(512, type(uint256).max, type(uint256).max, 0);
        _expectWords(512, 1, type(uint256).max, 1);
        _expectWords(type(uint32).max, (1 << 24) - 1, 2, 1);
        _expectWords(type(uint32).max, 1 << 24, 2, 0);
    }

    function test_ABatchThatDoesNotExistHasNoWords() public view {
        (ICredentialRegistry.Batch memory batch, uint256[2][] memory words) =
            registry.statusWords(ISSUER, ROOT, 0, 10);
        vm.assertEq(batch.size, 0, "size");
        vm.assertEq(words.length, 0, "length");
    }

    function test_TheHeadIsPackedAsPromised() public {
        _anchor(OTHER_ROOT, 1);
        _anchor(ROOT, 0x01020304);
        _at(START + 0xABC, START_BLOCK + 0xDE);
        _setBatch(Revoke);
        _setBatch(Suspend);
        uint256 head = _slot(_base());
        vm.assertEq(uint40(head), START, "anchoredAt");
        vm.assertEq(uint32(head >> 40), START_BLOCK, "anchoredBlock");
        vm.assertEq(uint40(head >> 72), START + 0xABC, "changedAt");
        vm.assertEq(uint32(head >> 112), START_BLOCK + 0xDE, "changedBlock");
        vm.assertEq(uint40(head >> 144), START + 0xABC, "revokedAt");
        vm.assertEq(uint32(head >> 184), 0x01020304, "size");
        vm.assertEq(uint32(head >> 216), 2, "seq");
        vm.assertEq(uint8(head >> 248), 3, "flags");
        vm.assertEq(keccak256(abi.encode(_head())), keccak256(abi.encode(_unpack(head))), "read");
    }

    function testFuzz_EveryBitIsWhereTheSlotFormulaSays(uint32 index, bool suspend) public {
        if (index == type(uint32).max) index = 0;
        _anchor(ROOT, type(uint32).max);
        _set(suspend ? Suspend : Revoke, uint24(index >> 8), 1 << (index & 255));
        uint256 revoked = _base() + 1 + 2 * (index >> 8);
        uint256 suspended = _base() + 2 + 2 * (index >> 8);
        uint256 bit = 1 << (index & 255);
        vm.assertEq(_slot(revoked), suspend ? 0 : bit, "revoked lane");
        vm.assertEq(_slot(suspended), suspend ? bit : 0, "suspended lane");
    }

    function test_TheIssuerIsInSlotZeroAndItsOperatorsInSlotOne() public {
        _anchor(ROOT, 1);
        _succeed();
        vm.prank(SUCCESSOR);
        registry.setOperator(ISSUER, OPERATOR, 5, 2_000_000_000);
        uint256 slot = uint256(keccak256(abi.encode(ISSUER, uint256(0))));
        uint256 first = _slot(slot);
        vm.assertEq(address(uint160(first)), SUCCESSOR, "controller");
        vm.assertEq(uint32(first >> 160), 1, "batches");
        vm.assertEq(uint32(first >> 192), 1, "epoch");
        vm.assertEq(bytes32(_slot(slot + 1)), NEXT, "successor");
        bytes32 inner = keccak256(abi.encode(ISSUER, uint256(1)));
        uint256 operator = _slot(uint256(keccak256(abi.encode(OPERATOR, inner))));
        vm.assertEq(uint8(operator), 5, "roles");
        vm.assertEq(uint40(operator >> 8), 2_000_000_000, "expires");
        vm.assertEq(uint32(operator >> 48), 1, "epoch");
    }

    function _expectWords(uint32 size, uint256 from, uint256 count, uint256 want) private {
        bytes32 root = keccak256(abi.encode(size, from, count));
        _anchor(root, size);
        (, uint256[2][] memory words) = registry.statusWords(ISSUER, root, from, count);
        vm.assertEq(words.length, want, "length");
    }

    function _slot(uint256 slot) private view returns (uint256) {
        return uint256(vm.load(address(registry), bytes32(slot)));
    }

    function _base() private pure returns (uint256) {
        return uint256(keccak256(abi.encode(ROOT, keccak256(abi.encode(ISSUER, uint256(2))))));
    }

    function _unpack(uint256 head) private pure returns (ICredentialRegistry.Batch memory) {
        return ICredentialRegistry.Batch(
            uint40(head),
            uint32(head >> 40),
            uint40(head >> 72),
            uint32(head >> 112),
            uint40(head >> 144),
            uint32(head >> 184),
            uint32(head >> 216),
            uint8(head >> 248)
        );
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICredentialRegistry} from "../../contracts/ICredentialRegistry.sol";
import {RegistryTest} from "./RegistryTest.sol";

contract AnchorTest is RegistryTest {
    function test_AnAnchoredBatchHasItsSizeAndTheChainsTimeAndBlock() public {
        _anchor(ROOT, 10_000);
        _expectBatch(
            _head(),
            ICredentialRegistry.Batch(
                uint40(START), uint32(START_BLOCK), 0, 0, 0, 10_000, 1, 0
            )
        );
    }

    function testFuzz_AnyRootAndSizeButZeroCanBeAnchored(bytes32 root, uint32 size) public {
        if (root == 0) root = ROOT;
        if (size == 0) size = type(uint32).max;
        _anchor(root, size);
        (, ICredentialRegistry.Batch memory batch) = registry.status(ISSUER, root, 0);
        vm.assertEq(batch.size, size, "size");
        vm.assertEq(batch.seq, 1, "seq");
        (ICredentialRegistry.State last,) = registry.status(ISSUER, root, size - 1);
        vm.assertEq(uint8(last), uint8(ICredentialRegistry.State.Valid), "last leaf");
    }

    function test_AnchoringIsAnnouncedWithTheOneWhoSentIt() public {
        _allow(ANCHOR, NEVER);
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.Anchored(ISSUER, ROOT, 7, 1, OPERATOR);
        vm.prank(OPERATOR);
        vm.assertEq(registry.anchor(ISSUER, ROOT, 7), 1, "seq returned");
    }

    function test_TheSequenceStartsAtOneAndHasNoGaps() public {
        for (uint256 i = 1; i <= 20; ++i) {
            vm.prank(ISSUER);
            vm.assertEq(registry.anchor(ISSUER, bytes32(i), 1), i, "seq");
            vm.assertEq(registry.issuerOf(ISSUER).batches, i, "batches");
        }
    }

    function test_ARefusedAnchoringTakesNoNumber() public {
        _anchor(ROOT, 1);
        vm.expectRevert(ICredentialRegistry.AlreadyAnchored.selector);
        _anchor(ROOT, 1);
        vm.assertEq(registry.issuerOf(ISSUER).batches, 1, "batches");
    }

    function test_TheSequencesOfTwoIssuersAreApart() public {
        _anchor(ROOT, 1);
        _anchor(OTHER_ROOT, 1);
        vm.prank(OTHER_ISSUER);
        vm.assertEq(registry.anchor(OTHER_ISSUER, OTHER_ROOT, 1), 1, "seq");
    }

    function test_ARootCannotBeAnchoredAgainWithAnotherSize() public {
        _anchor(ROOT, 1);
        _at(START + 12, START_BLOCK + 1);
        vm.expectRevert(ICredentialRegistry.AlreadyAnchored.selector);
        _anchor(ROOT, 2);
        vm.assertEq(_head().size, 1, "size");
        vm.assertEq(_head().anchoredAt, START, "time");
    }

    function test_ARootCannotBeAnchoredAgainOnceItIsRevoked() public {
        _anchor(ROOT, 1);
        _setBatch(ICredentialRegistry.Kind.Revoke);
        vm.expectRevert(ICredentialRegistry.AlreadyAnchored.selector);
        _anchor(ROOT, 1);
    }

    function test_ACopiedRootUnderAnotherIssuerTouchesNothingOfTheFirst() public {
        _anchor(ROOT, 10);
        _at(START + 12, START_BLOCK + 1);
        vm.prank(OTHER_ISSUER);
        registry.anchor(OTHER_ISSUER, ROOT, 20);
        vm.prank(OTHER_ISSUER);
        registry.setBatchStatus(OTHER_ISSUER, ICredentialRegistry.Kind.Revoke, _roots(ROOT));
        vm.assertEq(_head().size, 10, "size");
        vm.assertEq(_head().anchoredAt, START, "time");
        _expectState(9, ICredentialRegistry.State.Valid);
    }

    function test_ARootOfZeroIsRefused() public {
        vm.expectRevert(ICredentialRegistry.InvalidBatch.selector);
        _anchor(0, 1);
    }

    function test_ASizeOfZeroIsRefused() public {
        vm.expectRevert(ICredentialRegistry.InvalidBatch.selector);
        _anchor(ROOT, 0);
    }

    function test_AStrangerCannotAnchor() public {
        vm.expectRevert(ICredentialRegistry.NotAuthorized.selector);
        vm.prank(STRANGER);
        registry.anchor(ISSUER, ROOT, 1);
    }

    function test_TheLargestNumberIsGivenOutAndTheSequenceNeverStartsAnew() public {
        // `batches` lies behind the controller in the issuer's first slot.
        bytes32 slot = keccak256(abi.encode(ISSUER, uint256(0)));
        vm.store(address(registry), slot, bytes32(uint256(type(uint32).max - 1) << 160));
        _anchor(ROOT, 1);
        vm.assertEq(_head().seq, type(uint32).max, "seq");
        vm.expectRevert(abi.encodeWithSignature("Panic(uint256)", 0x11));
        _anchor(OTHER_ROOT, 1);
    }
}

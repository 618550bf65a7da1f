// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICredentialRegistry} from "../../contracts/ICredentialRegistry.sol";
import {RegistryTest} from "./RegistryTest.sol";

contract StatusTest is RegistryTest {
    ICredentialRegistry.Kind private constant Revoke = ICredentialRegistry.Kind.Revoke;
    ICredentialRegistry.Kind private constant Suspend = ICredentialRegistry.Kind.Suspend;
    ICredentialRegistry.Kind private constant Reinstate = ICredentialRegistry.Kind.Reinstate;
    ICredentialRegistry.State private constant Unanchored = ICredentialRegistry.State.Unanchored;
    ICredentialRegistry.State private constant OutOfRange = ICredentialRegistry.State.OutOfRange;
    ICredentialRegistry.State private constant Revoked = ICredentialRegistry.State.Revoked;
    ICredentialRegistry.State private constant Suspended = ICredentialRegistry.State.Suspended;
    ICredentialRegistry.State private constant Valid = ICredentialRegistry.State.Valid;

    uint32 private constant SIZE = 10_000;

    function setUp() public override {
        super.setUp();
        _anchor(ROOT, SIZE);
        _at(START + 100, START_BLOCK + 10);
    }

    function test_WhatWasNeverAnchoredIsUnanchoredAndAllZero() public view {
        (ICredentialRegistry.State state, ICredentialRegistry.Batch memory batch) =
            registry.status(ISSUER, OTHER_ROOT, 0);
        vm.assertEq(uint8(state), 0, "state");
        _expectBatch(batch, ICredentialRegistry.Batch(0, 0, 0, 0, 0, 0, 0, 0));
    }

    function test_AnIndexAtTheSizeIsOutOfRangeAndTheOneBeforeItIsValid() public view {
        _expectState(SIZE - 1, Valid);
        _expectState(SIZE, OutOfRange);
        _expectState(type(uint32).max, OutOfRange);
    }

    function test_AnIndexBeyondARevokedBatchIsStillOutOfRange() public {
        _setBatch(Revoke);
        _expectState(SIZE, OutOfRange);
    }

    function test_RevokingOneRevokesNoOther() public {
        _set(Revoke, 3, 1 << 77);
        _expectState(3 * 256 + 76, Valid);
        _expectState(3 * 256 + 77, Revoked);
        _expectState(3 * 256 + 78, Valid);
        _expectState(2 * 256 + 77, Valid);
        _expectState(4 * 256 + 77, Valid);
    }

    function test_SuspensionIsLiftedByReinstating() public {
        _set(Suspend, 0, 6);
        _expectState(1, Suspended);
        _expectState(2, Suspended);
        _expectState(3, Valid);
        _set(Reinstate, 0, 2);
        _expectState(1, Valid);
        _expectState(2, Suspended);
        _expectState(3, Valid);
    }

    function test_SuspendingMoreKeepsWhatIsSuspended() public {
        _set(Suspend, 0, 3);
        _set(Suspend, 0, 6);
        for (uint32 i = 0; i < 3; ++i) {
            _expectState(i, Suspended);
        }
    }

    function test_ReinstatingWhatIsNotSuspendedSuspendsNothing() public {
        _set(Suspend, 0, 1);
        _set(Reinstate, 0, 3);
        for (uint32 i = 0; i < 256; ++i) {
            _expectState(i, Valid);
        }
    }

    function test_RevocationIsNotLiftedByReinstating() public {
        _set(Revoke, 0, 1);
        _set(Suspend, 0, 1);
        _set(Reinstate, 0, 1);
        _expectState(0, Revoked);
    }

    function test_RevokedOutranksSuspended() public {
        _set(Suspend, 0, 1);
        _set(Revoke, 0, 1);
        _expectState(0, Revoked);
    }

    function test_TheFirstChangeOfAllLeavesTheAnchoredFieldsAsTheyWere() public {
        _set(Revoke, 0, 1);
        _expectBatch(
            _head(),
            ICredentialRegistry.Batch(
                uint40(START),
                uint32(START_BLOCK),
                uint40(START + 100),
                uint32(START_BLOCK + 10),
                0,
                SIZE,
                1,
                0
            )
        );
    }

    function test_RevokingTwiceIsRecordedAsAChangeAndChangesNoStatus() public {
        _set(Revoke, 0, 1);
        _at(START + 200, START_BLOCK + 20);
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.StatusChanged(
            ISSUER, ROOT, Revoke, ISSUER, uint32(START_BLOCK + 10), _patch(0, 1)
        );
        _set(Revoke, 0, 1);
        _expectState(0, Revoked);
        vm.assertEq(_head().changedAt, START + 200, "changedAt");
    }

    function test_AStatusChangeIsAnnouncedWithItsPatchesAndTheChangeBefore() public {
        _allow(REVOKE | SUSPEND, NEVER);
        ICredentialRegistry.Patch[] memory patches = new ICredentialRegistry.Patch[](2);
        patches[0] = ICredentialRegistry.Patch(39, 1);
        patches[1] = ICredentialRegistry.Patch(0, type(uint256).max);
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.StatusChanged(ISSUER, ROOT, Revoke, OPERATOR, 0, patches);
        vm.prank(OPERATOR);
        registry.setStatus(ISSUER, ROOT, Revoke, patches);
        _at(START + 200, START_BLOCK + 20);
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.StatusChanged(
            ISSUER, ROOT, Suspend, OPERATOR, uint32(START_BLOCK + 10), patches
        );
        vm.prank(OPERATOR);
        registry.setStatus(ISSUER, ROOT, Suspend, patches);
    }

    function test_ChangesOfBothSortsAreLinksOfOneChain() public {
        _set(Suspend, 0, 1);
        _at(START + 200, START_BLOCK + 20);
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.BatchStatusChanged(
            ISSUER, ROOT, Suspend, ISSUER, uint32(START_BLOCK + 10)
        );
        _setBatch(Suspend);
        // A second change in one block names that block: the first one leads out of it.
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.BatchStatusChanged(
            ISSUER, ROOT, Reinstate, ISSUER, uint32(START_BLOCK + 20)
        );
        _setBatch(Reinstate);
        _at(START + 300, START_BLOCK + 30);
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.StatusChanged(
            ISSUER, ROOT, Reinstate, ISSUER, uint32(START_BLOCK + 20), _patch(0, 1)
        );
        _set(Reinstate, 0, 1);
        vm.assertEq(_head().changedBlock, START_BLOCK + 30, "changedBlock");
    }

    function test_OneWordTwiceInAListCountsBoth() public {
        ICredentialRegistry.Patch[] memory patches = new ICredentialRegistry.Patch[](2);
        patches[0] = ICredentialRegistry.Patch(1, 1);
        patches[1] = ICredentialRegistry.Patch(1, 2);
        vm.prank(ISSUER);
        registry.setStatus(ISSUER, ROOT, Revoke, patches);
        _expectState(256, Revoked);
        _expectState(257, Revoked);
    }

    function test_AnEmptyListOfPatchesIsRefused() public {
        vm.expectRevert(ICredentialRegistry.EmptyPatch.selector);
        vm.prank(ISSUER);
        registry.setStatus(ISSUER, ROOT, Revoke, new ICredentialRegistry.Patch[](0));
    }

    function test_AnEmptyMaskIsRefusedForEveryKind() public {
        for (uint8 kind = 0; kind < 3; ++kind) {
            vm.expectRevert(ICredentialRegistry.EmptyPatch.selector);
            _set(ICredentialRegistry.Kind(kind), 0, 0);
        }
    }

    function test_OneBadPatchUndoesTheWholeCall() public {
        ICredentialRegistry.Patch[] memory patches = new ICredentialRegistry.Patch[](2);
        patches[0] = ICredentialRegistry.Patch(0, 1);
        patches[1] = ICredentialRegistry.Patch(40, 1);
        vm.expectRevert(ICredentialRegistry.IndexOutOfRange.selector);
        vm.prank(ISSUER);
        registry.setStatus(ISSUER, ROOT, Revoke, patches);
        _expectState(0, Valid);
        vm.assertEq(_head().changedAt, 0, "changedAt");
    }

    function test_TheWord65536DoesNotWrapIntoABatchOf10000() public {
        for (uint8 kind = 0; kind < 3; ++kind) {
            vm.expectRevert(ICredentialRegistry.IndexOutOfRange.selector);
            _set(ICredentialRegistry.Kind(kind), 65_536, 1);
        }
    }

    function test_TheLastBitCanBeSetAndTheNextCannotForEverySizeAroundAWord() public {
        for (uint32 size = 1; size <= 514; ++size) {
            vm.prank(OTHER_ISSUER);
            registry.anchor(OTHER_ISSUER, bytes32(uint256(size)), size);
            _trySet(size, size, false);
            _trySet(size, size - 1, true);
        }
    }

    function test_AMaskMayHaveNoBitBeyondTheSizeWhateverElseItHas() public {
        // 10,000 is 39 words and 16 bits.
        vm.expectRevert(ICredentialRegistry.IndexOutOfRange.selector);
        _set(Revoke, 39, (1 << 17) - 1);
        vm.expectRevert(ICredentialRegistry.IndexOutOfRange.selector);
        _set(Revoke, 39, 1 | 1 << 255);
        _set(Revoke, 39, (1 << 16) - 1);
        _expectState(SIZE - 1, Revoked);
    }

    function test_TheLastCredentialOfTheLargestBatchCanBeRevoked() public {
        vm.prank(ISSUER);
        registry.anchor(ISSUER, OTHER_ROOT, type(uint32).max);
        vm.prank(ISSUER);
        registry.setStatus(ISSUER, OTHER_ROOT, Revoke, _patch(type(uint24).max, 1 << 254));
        (ICredentialRegistry.State last,) =
            registry.status(ISSUER, OTHER_ROOT, type(uint32).max - 1);
        vm.assertEq(uint8(last), uint8(Revoked), "last");
        (ICredentialRegistry.State before,) =
            registry.status(ISSUER, OTHER_ROOT, type(uint32).max - 2);
        vm.assertEq(uint8(before), uint8(Valid), "the one before");
        vm.expectRevert(ICredentialRegistry.IndexOutOfRange.selector);
        vm.prank(ISSUER);
        registry.setStatus(ISSUER, OTHER_ROOT, Revoke, _patch(type(uint24).max, 1 << 255));
    }

    function test_WhatWasNotAnchoredHasNoStatusToChange() public {
        vm.expectRevert(ICredentialRegistry.NotAnchored.selector);
        vm.prank(ISSUER);
        registry.setStatus(ISSUER, OTHER_ROOT, Revoke, _patch(0, 1));
        vm.expectRevert(ICredentialRegistry.NotAnchored.selector);
        vm.prank(ISSUER);
        registry.setBatchStatus(ISSUER, Revoke, _roots(OTHER_ROOT));
    }

    function test_AnotherIssuersBatchIsNotAnchoredHere() public {
        vm.expectRevert(ICredentialRegistry.NotAnchored.selector);
        vm.prank(OTHER_ISSUER);
        registry.setStatus(OTHER_ISSUER, ROOT, Revoke, _patch(0, 1));
    }

    function test_AStrangerCanChangeNothing() public {
        for (uint8 kind = 0; kind < 3; ++kind) {
            vm.expectRevert(ICredentialRegistry.NotAuthorized.selector);
            vm.prank(STRANGER);
            registry.setStatus(ISSUER, ROOT, ICredentialRegistry.Kind(kind), _patch(0, 1));
            vm.expectRevert(ICredentialRegistry.NotAuthorized.selector);
            vm.prank(STRANGER);
            registry.setBatchStatus(ISSUER, ICredentialRegistry.Kind(kind), _roots(ROOT));
        }
    }

    function test_ARevokedBatchRevokesEveryIndexForEver() public {
        _setBatch(Revoke);
        _setBatch(Reinstate);
        _expectState(0, Revoked);
        _expectState(SIZE - 1, Revoked);
    }

    function test_TheTimeOfTheFirstRevocationOfABatchStays() public {
        _setBatch(Revoke);
        _at(START + 200, START_BLOCK + 20);
        _setBatch(Revoke);
        vm.assertEq(_head().revokedAt, START + 100, "revokedAt");
        vm.assertEq(_head().changedAt, START + 200, "changedAt");
    }

    function test_RevokingOneDoesNotRevokeTheBatch() public {
        _set(Revoke, 0, 1);
        vm.assertEq(_head().revokedAt, 0, "revokedAt");
    }

    function test_TheStatusOfSingleCredentialsCanBeChangedInARevokedBatch() public {
        _setBatch(Revoke);
        _set(Suspend, 0, 1);
        _set(Revoke, 0, 2);
        (, uint256[2][] memory words) = registry.statusWords(ISSUER, ROOT, 0, 1);
        vm.assertEq(words[0][0], 2, "revoked");
        vm.assertEq(words[0][1], 1, "suspended");
    }

    function test_ReinstatingABatchDoesNotReinstateWhatWasSuspendedInIt() public {
        _set(Suspend, 0, 1);
        _setBatch(Suspend);
        _expectState(1, Suspended);
        _setBatch(Reinstate);
        _expectState(0, Suspended);
        _expectState(1, Valid);
    }

    function test_ReinstatingOneDoesNotReinstateTheBatch() public {
        _setBatch(Suspend);
        _set(Reinstate, 0, 1);
        _expectState(0, Suspended);
    }

    function test_SuspendingOneInASuspendedBatchLeavesTheBatchSuspended() public {
        _setBatch(Suspend);
        _set(Suspend, 0, 1);
        vm.assertEq(_head().flags, 3, "flags");
        _expectState(1, Suspended);
    }

    function test_TheFlagsTellSuspendedNowFromEverSuspended() public {
        _set(Reinstate, 0, 1);
        _setBatch(Reinstate);
        _setBatch(Revoke);
        vm.assertEq(_head().flags, 0, "never suspended");
        _set(Suspend, 0, 1);
        vm.assertEq(_head().flags, 2, "one was");
        _set(Reinstate, 0, 1);
        vm.assertEq(_head().flags, 2, "one was, and is not");
        _setBatch(Suspend);
        vm.assertEq(_head().flags, 3, "the batch is");
        _setBatch(Reinstate);
        vm.assertEq(_head().flags, 2, "the batch was, and is not");
    }

    function test_ASuspendedBatchWasSuspendedAtSomeTime() public {
        _setBatch(Suspend);
        vm.assertEq(_head().flags, 3, "flags");
    }

    function test_ManyBatchesChangeInOneCallWithOneEventEach() public {
        _anchor(OTHER_ROOT, 1);
        bytes32[] memory roots = new bytes32[](2);
        (roots[0], roots[1]) = (OTHER_ROOT, ROOT);
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.BatchStatusChanged(ISSUER, OTHER_ROOT, Revoke, ISSUER, 0);
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.BatchStatusChanged(ISSUER, ROOT, Revoke, ISSUER, 0);
        vm.prank(ISSUER);
        registry.setBatchStatus(ISSUER, Revoke, roots);
        _expectState(0, Revoked);
        (ICredentialRegistry.State other,) = registry.status(ISSUER, OTHER_ROOT, 0);
        vm.assertEq(uint8(other), uint8(Revoked), "other");
    }

    function test_OneUnknownRootUndoesTheWholeCall() public {
        bytes32[] memory roots = new bytes32[](2);
        (roots[0], roots[1]) = (ROOT, OTHER_ROOT);
        vm.expectRevert(ICredentialRegistry.NotAnchored.selector);
        vm.prank(ISSUER);
        registry.setBatchStatus(ISSUER, Revoke, roots);
        _expectState(0, Valid);
    }

    function test_ABatchTwiceInAListIsTwoChangesAndNoMore() public {
        bytes32[] memory roots = new bytes32[](2);
        (roots[0], roots[1]) = (ROOT, ROOT);
        for (uint32 i = 0; i < 2; ++i) {
            vm.expectEmit(address(registry));
            emit ICredentialRegistry.BatchStatusChanged(
                ISSUER, ROOT, Revoke, ISSUER, i * uint32(START_BLOCK + 10)
            );
        }
        vm.prank(ISSUER);
        registry.setBatchStatus(ISSUER, Revoke, roots);
        vm.assertEq(_head().revokedAt, START + 100, "revokedAt");
    }

    function test_SuspendingTwiceNeedsOneReinstatement() public {
        _set(Suspend, 0, 1);
        _set(Suspend, 0, 1);
        _setBatch(Suspend);
        _setBatch(Suspend);
        _set(Reinstate, 0, 1);
        _setBatch(Reinstate);
        _expectState(0, Valid);
    }

    function test_AnEmptyListOfRootsIsRefused() public {
        vm.expectRevert(ICredentialRegistry.EmptyPatch.selector);
        vm.prank(ISSUER);
        registry.setBatchStatus(ISSUER, Revoke, new bytes32[](0));
    }

    function _trySet(uint32 size, uint32 index, bool allowed) private {
        if (!allowed) vm.expectRevert(ICredentialRegistry.IndexOutOfRange.selector);
        vm.prank(OTHER_ISSUER);
        registry.setStatus(
            OTHER_ISSUER,
            bytes32(uint256(size)),
            Suspend,
            _patch(uint24(index / 256), 1 << (index % 256))
        );
        (ICredentialRegistry.State state,) =
            registry.status(OTHER_ISSUER, bytes32(uint256(size)), index);
        vm.assertEq(uint8(state), uint8(allowed ? Suspended : OutOfRange), "state");
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICredentialRegistry} from "../../contracts/ICredentialRegistry.sol";
import {RegistryTest} from "./RegistryTest.sol";

contract KeysTest is RegistryTest {
    uint8 private constant ALL = ANCHOR | REVOKE | SUSPEND | REINSTATE;

    function setUp() public override {
        super.setUp();
        _anchor(ROOT, 10);
    }

    function test_AnAddressThatDidNothingIsItsOwnController() public view {
        ICredentialRegistry.Issuer memory issuer = registry.issuerOf(STRANGER);
        vm.assertEq(issuer.controller, STRANGER, "controller");
        vm.assertEq(issuer.batches, 0, "batches");
        vm.assertEq(issuer.epoch, 0, "epoch");
        vm.assertEq(issuer.profileBlock, 0, "profileBlock");
        vm.assertEq(issuer.successor, bytes32(0), "successor");
    }

    function test_AnOperatorCanDoExactlyWhatItsRolesSay() public {
        for (uint8 roles = 1; roles <= ALL; ++roles) {
            _allow(roles, NEVER);
            _expectCan(roles);
        }
    }

    function test_AnOperatorOfOneIssuerIsNoneOfAnother() public {
        vm.prank(OTHER_ISSUER);
        registry.setOperator(OTHER_ISSUER, OPERATOR, ALL, NEVER);
        _expectCan(0);
    }

    function test_RolesCountUntilTheSecondBeforeTheirExpiry() public {
        _allow(ALL, uint40(START + 60));
        _at(START + 59, START_BLOCK + 5);
        _expectCan(ALL);
        _expectOperator(ALL, uint40(START + 60));
        _at(START + 60, START_BLOCK + 6);
        _expectCan(0);
        _expectOperator(0, 0);
    }

    function test_RolesMustExpireInTheFuture() public {
        vm.expectRevert(ICredentialRegistry.InvalidRoles.selector);
        _allow(ANCHOR, uint40(START));
        vm.expectRevert(ICredentialRegistry.InvalidRoles.selector);
        _allow(ANCHOR, 0);
        _allow(ANCHOR, uint40(START + 1));
        _expectOperator(ANCHOR, uint40(START + 1));
    }

    function test_UnknownRolesAreRefused() public {
        vm.expectRevert(ICredentialRegistry.InvalidRoles.selector);
        _allow(16, NEVER);
        vm.expectRevert(ICredentialRegistry.InvalidRoles.selector);
        _allow(128 | ANCHOR, NEVER);
    }

    function test_AnExpiryWithoutRolesIsRefused() public {
        vm.expectRevert(ICredentialRegistry.InvalidRoles.selector);
        _allow(0, NEVER);
    }

    function test_SettingRolesReplacesThoseBefore() public {
        _allow(ANCHOR, NEVER);
        _allow(REVOKE, uint40(START + 1));
        _expectOperator(REVOKE, uint40(START + 1));
        _expectCan(REVOKE);
    }

    function test_ARemovedOperatorCanDoNothing() public {
        _allow(ALL, NEVER);
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.OperatorSet(ISSUER, OPERATOR, 0, 0);
        _allow(0, 0);
        _expectCan(0);
        _expectOperator(0, 0);
    }

    function test_SettingAnOperatorIsAnnounced() public {
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.OperatorSet(ISSUER, OPERATOR, REVOKE, 2_000_000_000);
        _allow(REVOKE, 2_000_000_000);
    }

    function test_AnOperatorCanResign() public {
        _allow(ALL, NEVER);
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.OperatorSet(ISSUER, OPERATOR, 0, 0);
        vm.prank(OPERATOR);
        registry.setOperator(ISSUER, OPERATOR, 0, 0);
        _expectCan(0);
    }

    function test_OneWithoutRolesCannotResign() public {
        _expectRefused(STRANGER, STRANGER, 0, 0);
        _allow(ALL, uint40(START + 60));
        _at(START + 60, START_BLOCK + 5);
        _expectRefused(OPERATOR, OPERATOR, 0, 0);
    }

    function test_AnOperatorCanNeitherChangeItsRolesNorRemoveAnother() public {
        _allow(ALL, NEVER);
        vm.prank(ISSUER);
        registry.setOperator(ISSUER, STRANGER, ANCHOR, NEVER);
        _expectRefused(OPERATOR, OPERATOR, ANCHOR, NEVER);
        _expectRefused(OPERATOR, OPERATOR, ALL, NEVER);
        _expectRefused(OPERATOR, STRANGER, 0, 0);
    }

    function test_AnOperatorWithAllRolesIsNotTheController() public {
        _allow(ALL, NEVER);
        vm.expectRevert(ICredentialRegistry.NotAuthorized.selector);
        vm.prank(OPERATOR);
        registry.commitSuccessor(ISSUER, NEXT);
        vm.expectRevert(ICredentialRegistry.NotAuthorized.selector);
        vm.prank(OPERATOR);
        registry.setProfile(ISSUER, "did:web:example.org");
    }

    function test_ACommittedSuccessorIsAnnouncedAndReadable() public {
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.SuccessorCommitted(ISSUER, _digest(SUCCESSOR));
        _commit(SUCCESSOR);
        vm.assertEq(registry.issuerOf(ISSUER).successor, _digest(SUCCESSOR), "successor");
    }

    function test_TheControllerCannotReplaceTheSuccessor() public {
        _commit(SUCCESSOR);
        vm.expectRevert(ICredentialRegistry.SuccessorAlreadySet.selector);
        _commit(STRANGER);
        vm.expectRevert(ICredentialRegistry.SuccessorAlreadySet.selector);
        _commit(SUCCESSOR);
    }

    function test_TheNextControllerCannotReplaceTheSuccessorEither() public {
        _succeed();
        vm.expectRevert(ICredentialRegistry.SuccessorAlreadySet.selector);
        vm.prank(SUCCESSOR);
        registry.commitSuccessor(ISSUER, _digest(STRANGER));
    }

    function test_ADigestOfZeroCommitsNobody() public {
        vm.expectRevert(ICredentialRegistry.ZeroCommitment.selector);
        vm.prank(ISSUER);
        registry.commitSuccessor(ISSUER, 0);
        _commit(SUCCESSOR);
        vm.expectRevert(ICredentialRegistry.ZeroCommitment.selector);
        vm.prank(SUCCESSOR);
        registry.succeed(ISSUER, 0);
        vm.assertEq(registry.issuerOf(ISSUER).controller, ISSUER, "controller");
    }

    function test_OnlyTheCommittedAddressSucceeds() public {
        vm.expectRevert(ICredentialRegistry.NotSuccessor.selector);
        vm.prank(SUCCESSOR);
        registry.succeed(ISSUER, NEXT);
        _commit(SUCCESSOR);
        vm.expectRevert(ICredentialRegistry.NotSuccessor.selector);
        vm.prank(STRANGER);
        registry.succeed(ISSUER, NEXT);
        vm.expectRevert(ICredentialRegistry.NotSuccessor.selector);
        vm.prank(ISSUER);
        registry.succeed(ISSUER, NEXT);
        vm.expectRevert(ICredentialRegistry.NotSuccessor.selector);
        vm.prank(SUCCESSOR);
        registry.succeed(OTHER_ISSUER, NEXT);
    }

    function test_ASuccessionIsAnnouncedAndCommitsTheNextSuccessor() public {
        _commit(SUCCESSOR);
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.ControllerChanged(ISSUER, SUCCESSOR, 1);
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.SuccessorCommitted(ISSUER, NEXT);
        vm.prank(SUCCESSOR);
        registry.succeed(ISSUER, NEXT);
        ICredentialRegistry.Issuer memory issuer = registry.issuerOf(ISSUER);
        vm.assertEq(issuer.controller, SUCCESSOR, "controller");
        vm.assertEq(issuer.epoch, 1, "epoch");
        vm.assertEq(issuer.batches, 1, "batches");
        vm.assertEq(issuer.successor, NEXT, "successor");
    }

    function test_ASuccessorCannotSucceedTwiceWithOneCommitment() public {
        _succeed();
        vm.expectRevert(ICredentialRegistry.NotSuccessor.selector);
        vm.prank(SUCCESSOR);
        registry.succeed(ISSUER, NEXT);
    }

    function test_TheIssuersOwnKeyHasNoPowerAfterASuccession() public {
        _succeed();
        vm.expectRevert(ICredentialRegistry.NotAuthorized.selector);
        _anchor(OTHER_ROOT, 1);
        vm.expectRevert(ICredentialRegistry.NotAuthorized.selector);
        _setBatch(ICredentialRegistry.Kind.Revoke);
        _expectRefused(ISSUER, OPERATOR, ANCHOR, NEVER);
        vm.expectRevert(ICredentialRegistry.NotAuthorized.selector);
        _commit(STRANGER);
        vm.expectRevert(ICredentialRegistry.NotAuthorized.selector);
        vm.prank(ISSUER);
        registry.setProfile(ISSUER, "");
    }

    function test_TheSuccessorControlsTheIssuerAndNotItself() public {
        _succeed();
        vm.prank(SUCCESSOR);
        vm.assertEq(registry.anchor(ISSUER, OTHER_ROOT, 1), 2, "the sequence goes on");
        vm.prank(SUCCESSOR);
        registry.setBatchStatus(ISSUER, ICredentialRegistry.Kind.Revoke, _roots(ROOT));
        vm.assertEq(registry.issuerOf(SUCCESSOR).batches, 0, "batches of the successor");
    }

    function test_ASuccessionEndsAllOperatorsAtOnce() public {
        for (uint160 i = 1; i <= 5; ++i) {
            vm.prank(ISSUER);
            registry.setOperator(ISSUER, address(i), ALL, NEVER);
        }
        _allow(ALL, NEVER);
        _succeed();
        _expectCan(0);
        _expectRefused(OPERATOR, OPERATOR, 0, 0);
        for (uint160 i = 1; i <= 5; ++i) {
            (uint8 roles, uint40 expires) = registry.operatorOf(ISSUER, address(i));
            vm.assertEq(roles, 0, "roles");
            vm.assertEq(expires, 0, "expires");
        }
    }

    function test_AnOperatorOfTheNewEpochHasItsRoles() public {
        _allow(ALL, NEVER);
        _succeed();
        vm.prank(SUCCESSOR);
        registry.setOperator(ISSUER, OPERATOR, ANCHOR | SUSPEND, NEVER);
        _expectOperator(ANCHOR | SUSPEND, NEVER);
        _expectCan(ANCHOR | SUSPEND);
    }

    function test_TheControllerCanCommitItselfAndSoEvictItsOperators() public {
        _commit(ISSUER);
        _allow(ALL, NEVER);
        vm.prank(ISSUER);
        registry.succeed(ISSUER, NEXT);
        _expectCan(0);
        _anchor(OTHER_ROOT, 1);
    }

    function test_AStrangerCanDoNothingThatIsTheControllers() public {
        _expectRefused(STRANGER, OPERATOR, ANCHOR, NEVER);
        _expectRefused(STRANGER, STRANGER, ANCHOR, NEVER);
        vm.expectRevert(ICredentialRegistry.NotAuthorized.selector);
        vm.prank(STRANGER);
        registry.commitSuccessor(ISSUER, NEXT);
        vm.expectRevert(ICredentialRegistry.NotAuthorized.selector);
        vm.prank(STRANGER);
        registry.setProfile(ISSUER, "");
    }

    function test_TheIssuerZeroHasNoController() public view {
        vm.assertEq(registry.issuerOf(address(0)).controller, address(0), "controller");
    }

    function test_EverySuccessionCountsOneEpochAndTheLastIsNeverTheFirstAgain() public {
        _commit(SUCCESSOR);
        // `epoch` lies behind the controller and the count of batches.
        bytes32 slot = keccak256(abi.encode(ISSUER, uint256(0)));
        bytes32 last = bytes32(uint256(type(uint32).max) << 192);
        vm.store(address(registry), slot, vm.load(address(registry), slot) | last);
        vm.expectRevert(abi.encodeWithSignature("Panic(uint256)", 0x11));
        vm.prank(SUCCESSOR);
        registry.succeed(ISSUER, NEXT);
    }

    function test_AnEmptyProfileWithdrawsTheOneBefore() public {
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.ProfileSet(ISSUER, "");
        vm.prank(ISSUER);
        registry.setProfile(ISSUER, "");
        vm.assertEq(registry.issuerOf(ISSUER).profileBlock, START_BLOCK, "profileBlock");
    }

    function test_AProfileIsAnnouncedAndItsBlockIsKept() public {
        _at(START + 12, START_BLOCK + 1);
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.ProfileSet(ISSUER, "https://example.org/issuer");
        vm.prank(ISSUER);
        registry.setProfile(ISSUER, "https://example.org/issuer");
        vm.assertEq(registry.issuerOf(ISSUER).profileBlock, START_BLOCK + 1, "profileBlock");
        vm.assertEq(registry.issuerOf(ISSUER).batches, 1, "batches");
    }

    function _expectRefused(address sender, address operator, uint8 roles, uint40 expires) private {
        vm.expectRevert(ICredentialRegistry.NotAuthorized.selector);
        vm.prank(sender);
        registry.setOperator(ISSUER, operator, roles, expires);
    }

    function _expectOperator(uint8 roles, uint40 expires) private view {
        (uint8 gotRoles, uint40 gotExpires) = registry.operatorOf(ISSUER, OPERATOR);
        vm.assertEq(gotRoles, roles, "roles");
        vm.assertEq(gotExpires, expires, "expires");
    }

    function _expectCan(uint8 roles) private {
        bytes32 fresh = bytes32(uint256(0xF000) + registry.issuerOf(ISSUER).batches);
        _expectRole(roles & ANCHOR, abi.encodeCall(registry.anchor, (ISSUER, fresh, 1)));
        for (uint8 i = 0; i < 3; ++i) {
            ICredentialRegistry.Kind kind = ICredentialRegistry.Kind(i);
            _expectRole(
                roles & REVOKE << i,
                abi.encodeCall(registry.setStatus, (ISSUER, ROOT, kind, _patch(0, 1)))
            );
            _expectRole(
                roles & REVOKE << i,
                abi.encodeCall(registry.setBatchStatus, (ISSUER, kind, _roots(ROOT)))
            );
        }
    }

    function _expectRole(uint8 role, bytes memory call) private {
        vm.prank(OPERATOR);
        (bool done, bytes memory result) = address(registry).call(call);
        vm.assertEq(done, role != 0, "allowed");
        if (!done) {
            vm.assertEq(bytes4(result), ICredentialRegistry.NotAuthorized.selector, "error");
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICredentialRegistry} from "../../contracts/ICredentialRegistry.sol";
import {IRegistryRelay} from "../../contracts/periphery/IRegistryRelay.sol";
import {RelayTest} from "./RelayTest.sol";

contract RelayNoncesTest is RelayTest {
    function setUp() public override {
        super.setUp();
        _anchor(ROOT, 1000);
    }

    function test_ARequestIsCarriedOutOnce() public {
        _relay(_statusRequest(ICredentialRegistry.Kind.Suspend, 1));
        _relay(_statusRequest(ICredentialRegistry.Kind.Reinstate, 2));
        _refuses(
            IRegistryRelay.NonceAlreadySpent.selector,
            _statusRequest(ICredentialRegistry.Kind.Suspend, 1)
        );
        _expectState(769, ICredentialRegistry.State.Valid);
    }

    function test_RequestsAreCarriedOutInAnyOrder() public {
        uint256[5] memory nonces = [type(uint256).max, 0, 256, 255, 1];
        for (uint256 i = 0; i < nonces.length; ++i) {
            vm.assertTrue(!relay.isSpent(signer, nonces[i]), "not yet");
            _relay(_statusRequest(ICredentialRegistry.Kind.Suspend, nonces[i]));
            vm.assertTrue(relay.isSpent(signer, nonces[i]), "now");
        }
    }

    function test_ANonceOfOneSignerIsNoneOfAnother() public {
        _relay(_statusRequest(ICredentialRegistry.Kind.Suspend, 1));
        address other = signing.addr(OTHER_KEY);
        _appoint(other, SUSPEND, NEVER);
        IRegistryRelay.SetStatus memory request =
            _statusRequest(ICredentialRegistry.Kind.Suspend, 1);
        request.signer = other;
        relay.setStatus(request, _sign(OTHER_KEY, _digest(request)));
    }

    function test_ACancelledRequestIsNeverCarriedOut() public {
        vm.expectEmit(address(relay));
        emit IRegistryRelay.Cancelled(signer, 9);
        vm.prank(signer);
        relay.cancel(9);
        vm.assertTrue(relay.isSpent(signer, 9), "spent");
        _refuses(
            IRegistryRelay.NonceAlreadySpent.selector,
            _statusRequest(ICredentialRegistry.Kind.Suspend, 9)
        );
        _relay(_statusRequest(ICredentialRegistry.Kind.Suspend, 10));
    }

    function test_AStrangersCancellationIsItsOwn() public {
        vm.prank(STRANGER);
        relay.cancel(1);
        _relay(_statusRequest(ICredentialRegistry.Kind.Suspend, 1));
    }

    function test_ToCancelTooLateOrTwiceIsRefused() public {
        _relay(_statusRequest(ICredentialRegistry.Kind.Suspend, 1));
        vm.expectRevert(IRegistryRelay.NonceAlreadySpent.selector);
        vm.prank(signer);
        relay.cancel(1);
        vm.prank(signer);
        relay.cancel(2);
        vm.expectRevert(IRegistryRelay.NonceAlreadySpent.selector);
        vm.prank(signer);
        relay.cancel(2);
    }

    function test_ARequestThatFailsSpendsNoNonce() public {
        IRegistryRelay.SetStatus memory request =
            _statusRequest(ICredentialRegistry.Kind.Suspend, 1);
        _appoint(address(relay), ANCHOR, NEVER);
        _refuses(ICredentialRegistry.NotAuthorized.selector, request);
        vm.assertTrue(!relay.isSpent(signer, 1), "spent");
        _appoint(address(relay), SUSPEND, NEVER);
        _relay(request);
    }

    function testFuzz_SpendingANonceSpendsNoOther(uint256 spent, uint256 other) public {
        vm.prank(STRANGER);
        relay.cancel(spent);
        vm.assertTrue(relay.isSpent(STRANGER, spent), "spent");
        vm.assertEq(relay.isSpent(STRANGER, other), other == spent, "another");
        vm.assertEq(relay.isSpent(STRANGER, spent ^ 1), false, "a neighbour");
        vm.assertEq(relay.isSpent(STRANGER, spent ^ 256), false, "the next word's");
        vm.assertEq(relay.isSpent(signer, spent), false, "another's");
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICredentialRegistry} from "../../contracts/ICredentialRegistry.sol";
import {IRegistryRelay} from "../../contracts/periphery/IRegistryRelay.sol";
import {RelayTest} from "./RelayTest.sol";

contract RelayRequestsTest is RelayTest {
    function test_AnEntitledSignersAnchorIsCarriedOutAndItsSeqReturned() public {
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.Anchored(ISSUER, ROOT, 1000, 1, address(relay));
        vm.expectEmit(address(relay));
        emit IRegistryRelay.Relayed(ISSUER, ROOT, signer);
        vm.assertEq(_relay(_anchorRequest()), 1, "seq");
        IRegistryRelay.Anchor memory next = _anchorRequest();
        (next.root, next.size) = (OTHER_ROOT, 5);
        vm.assertEq(_relay(next), 2, "the next seq");
        vm.assertEq(_head().size, 1000, "size");
    }

    function test_AnEntitledSignersStatusChangeIsCarriedOut() public {
        _anchor(ROOT, 1000);
        IRegistryRelay.SetStatus memory request =
            _statusRequest(ICredentialRegistry.Kind.Suspend, 7);
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.StatusChanged(
            ISSUER, ROOT, request.kind, address(relay), 0, request.patches
        );
        vm.expectEmit(address(relay));
        emit IRegistryRelay.Relayed(ISSUER, ROOT, signer);
        _relay(request);
        _expectState(769, ICredentialRegistry.State.Suspended);
        _expectState(770, ICredentialRegistry.State.Suspended);
        _expectState(771, ICredentialRegistry.State.Valid);
    }

    function test_TheControllersSignatureNeedsNoRole() public {
        vm.prank(signer);
        registry.setOperator(signer, address(relay), ALL, NEVER);
        IRegistryRelay.Anchor memory request = _anchorRequest();
        request.issuer = signer;
        _relay(request);
        for (uint8 kind = 0; kind < 3; ++kind) {
            IRegistryRelay.SetStatus memory change =
                _statusRequest(ICredentialRegistry.Kind(kind), kind);
            change.issuer = signer;
            _relay(change);
        }
    }

    function test_ASignerCanDoExactlyWhatItsRolesSay() public {
        _anchor(OTHER_ROOT, 1000);
        for (uint8 roles = 1; roles <= ALL; ++roles) {
            _appoint(signer, roles, NEVER);
            _expectCan(roles, IRegistryRelay.NotEntitled.selector);
        }
    }

    function test_TheRelayCanDoExactlyWhatItsRolesSay() public {
        _anchor(OTHER_ROOT, 1000);
        for (uint8 roles = 1; roles <= ALL; ++roles) {
            _appoint(address(relay), roles, NEVER);
            _expectCan(roles, ICredentialRegistry.NotAuthorized.selector);
        }
    }

    function test_ARelayThatWasNeverAppointedOrIsRemovedCanDoNothing() public {
        _anchor(OTHER_ROOT, 1000);
        _appoint(address(relay), 0, 0);
        _expectCan(0, ICredentialRegistry.NotAuthorized.selector);
        IRegistryRelay.Anchor memory request = _anchorRequest();
        request.issuer = signer;
        _refuses(ICredentialRegistry.NotAuthorized.selector, request);
    }

    function test_ARequestCountsUntilItsDeadlineAndNotASecondLonger() public {
        _anchor(OTHER_ROOT, 1000);
        IRegistryRelay.SetStatus memory change = _statusRequest(ICredentialRegistry.Kind.Revoke, 1);
        change.root = OTHER_ROOT;
        _at(START + 61, START_BLOCK + 5);
        _refuses(IRegistryRelay.DeadlinePassed.selector, _anchorRequest());
        _refuses(IRegistryRelay.DeadlinePassed.selector, change);
        _at(START + 60, START_BLOCK + 5);
        _relay(_anchorRequest());
        _relay(change);
    }

    function test_ASignersExpiryEndsItsRequests() public {
        _appoint(signer, ALL, uint40(START + 30));
        _at(START + 30, START_BLOCK + 3);
        _refuses(IRegistryRelay.NotEntitled.selector, _anchorRequest());
        _at(START + 29, START_BLOCK + 3);
        _relay(_anchorRequest());
    }

    function test_ASignersRemovalEndsItsRequests() public {
        _appoint(signer, 0, 0);
        _refuses(IRegistryRelay.NotEntitled.selector, _anchorRequest());
    }

    function test_TheRelaysExpiryEndsAllRequests() public {
        _appoint(address(relay), ALL, uint40(START + 30));
        _at(START + 30, START_BLOCK + 3);
        _refuses(ICredentialRegistry.NotAuthorized.selector, _anchorRequest());
    }

    function test_ASuccessionEndsTheSignerAndTheRelayToo() public {
        _succeed();
        _refuses(IRegistryRelay.NotEntitled.selector, _anchorRequest());
        vm.prank(SUCCESSOR);
        registry.setOperator(ISSUER, signer, ALL, NEVER);
        _refuses(ICredentialRegistry.NotAuthorized.selector, _anchorRequest());
        vm.prank(SUCCESSOR);
        registry.setOperator(ISSUER, address(relay), ALL, NEVER);
        _relay(_anchorRequest());
    }

    function test_AfterASuccessionTheNewControllerSignsAndTheIssuersKeyDoesNot() public {
        uint256 issuerKey = 0x1155;
        address issuer = signing.addr(issuerKey);
        vm.prank(issuer);
        registry.commitSuccessor(issuer, keccak256(abi.encode(signer)));
        vm.prank(signer);
        registry.succeed(issuer, NEXT);
        vm.prank(signer);
        registry.setOperator(issuer, address(relay), ALL, NEVER);
        IRegistryRelay.Anchor memory request = _anchorRequest();
        (request.issuer, request.signer) = (issuer, issuer);
        _refuses(
            IRegistryRelay.NotEntitled.selector, request, _sign(issuerKey, _digest(request))
        );
        request.signer = signer;
        _relay(request);
    }

    function test_AnOperatorOfOneIssuerIsNoneOfAnother() public {
        vm.prank(OTHER_ISSUER);
        registry.setOperator(OTHER_ISSUER, address(relay), ALL, NEVER);
        IRegistryRelay.Anchor memory request = _anchorRequest();
        request.issuer = OTHER_ISSUER;
        _refuses(IRegistryRelay.NotEntitled.selector, request);
    }

    function test_TheRegistrysRefusalsComeThroughUnchanged() public {
        IRegistryRelay.Anchor memory request = _anchorRequest();
        request.size = 0;
        _refuses(ICredentialRegistry.InvalidBatch.selector, request);
        IRegistryRelay.SetStatus memory change = _statusRequest(ICredentialRegistry.Kind.Revoke, 1);
        _refuses(ICredentialRegistry.NotAnchored.selector, change);
        _relay(_anchorRequest());
        _refuses(ICredentialRegistry.AlreadyAnchored.selector, _anchorRequest());
        change.patches = _patch(4, 1);
        _refuses(ICredentialRegistry.IndexOutOfRange.selector, change);
        change.patches = _patch(0, 0);
        _refuses(ICredentialRegistry.EmptyPatch.selector, change);
        change.patches = new ICredentialRegistry.Patch[](0);
        _refuses(ICredentialRegistry.EmptyPatch.selector, change);
    }

    function test_AKindThatDoesNotExistIsRefused() public {
        _anchor(ROOT, 1000);
        IRegistryRelay.SetStatus memory request =
            _statusRequest(ICredentialRegistry.Kind.Revoke, 1);
        bytes memory call = abi.encodeCall(relay.setStatus, (request, _signed(request)));
        // Selector, the offsets of the two arguments, then signer, issuer and root before it.
        uint256 kind = 4 + 32 * 2 + 32 * 3 + 31;
        vm.assertEq(uint8(call[kind]), 0, "where the kind stands");
        call[kind] = 0x03;
        (bool done,) = address(relay).call(call);
        vm.assertTrue(!done, "a fourth kind");
    }

    function test_TheRelayTakesNoEther() public {
        vm.deal(address(this), 1);
        (bool taken,) = address(relay).call{value: 1}("");
        vm.assertTrue(!taken, "ETH was taken");
    }

    function test_TheDomainIsToldAsItIsSigned() public view {
        (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chain,
            address verifier,
            bytes32 salt,
            uint256[] memory extensions
        ) = relay.eip712Domain();
        vm.assertEq(uint8(fields), 15, "fields");
        vm.assertEq(keccak256(bytes(name)), keccak256("RegistryRelay"), "name");
        vm.assertEq(keccak256(bytes(version)), keccak256("1"), "version");
        vm.assertEq(chain, CHAIN, "chain");
        vm.assertEq(verifier, address(relay), "contract");
        vm.assertEq(salt, bytes32(0), "salt");
        vm.assertEq(extensions.length, 0, "extensions");
        vm.assertEq(address(relay.registry()), address(registry), "registry");
    }

    function testFuzz_NothingIsChangedForASignerWhoIsNotEntitled(
        uint256 key,
        uint8 roles,
        uint8 kind,
        bytes32 root,
        uint32 size,
        uint256 nonce
    ) public {
        key = key % (ORDER - 1) + 1;
        kind = kind % 3;
        address stranger = signing.addr(key);
        // An operator whose roles are all but the one that is needed is a stranger too.
        uint8 lacking = roles & ALL & ~(REVOKE << kind) & ~ANCHOR;
        if (lacking != 0 && key != KEY) _appoint(stranger, lacking, NEVER);
        if (key == KEY) _appoint(signer, 0, 0);
        _anchor(OTHER_ROOT, 1000);
        IRegistryRelay.Anchor memory request =
            IRegistryRelay.Anchor(stranger, ISSUER, root, size, START);
        _refuses(IRegistryRelay.NotEntitled.selector, request, _sign(key, _digest(request)));
        IRegistryRelay.SetStatus memory change =
            _statusRequest(ICredentialRegistry.Kind(kind), nonce);
        (change.signer, change.root) = (stranger, OTHER_ROOT);
        _refuses(IRegistryRelay.NotEntitled.selector, change, _sign(key, _digest(change)));
        _expectUntouched(nonce, stranger);
    }

    function testFuzz_NothingIsChangedByASignatureOfAnotherKey(uint256 key, uint256 nonce) public {
        key = key % (ORDER - 1) + 1;
        if (key == KEY) return;
        _anchor(OTHER_ROOT, 1000);
        IRegistryRelay.Anchor memory request = _anchorRequest();
        bytes4 why = IRegistryRelay.InvalidSignature.selector;
        _refuses(why, request, _sign(key, _digest(request)));
        IRegistryRelay.SetStatus memory change =
            _statusRequest(ICredentialRegistry.Kind.Revoke, nonce);
        change.root = OTHER_ROOT;
        _refuses(why, change, _sign(key, _digest(change)));
        _expectUntouched(nonce, signer);
    }

    function testFuzz_NothingIsChangedByBytesThatAreNoSignature(bytes calldata signature) public {
        _refuses(IRegistryRelay.InvalidSignature.selector, _anchorRequest(), signature);
        vm.assertEq(registry.issuerOf(ISSUER).batches, 0, "batches");
    }

    function testFuzz_AnEntitledSignersRequestIsCarriedOut(
        bytes32 root,
        uint32 size,
        uint24 word,
        uint256 mask,
        uint256 nonce,
        uint256 deadline
    ) public {
        if (root == 0) root = ROOT;
        if (size == 0) size = 1;
        uint256 time = deadline < START ? START : deadline;
        _relay(IRegistryRelay.Anchor(signer, ISSUER, root, size, time));
        word = uint24(word % ((uint256(size) + 255) / 256));
        uint256 left = size - uint256(word) * 256;
        if (left < 256) mask &= (1 << left) - 1;
        if (mask == 0) mask = 1;
        IRegistryRelay.SetStatus memory change =
            _statusRequest(ICredentialRegistry.Kind.Revoke, nonce);
        (change.root, change.patches, change.deadline) = (root, _patch(word, mask), time);
        _relay(change);
        (, uint256[2][] memory words) = registry.statusWords(ISSUER, root, word, 1);
        vm.assertEq(words[0][0], mask, "revoked");
    }

    function _expectUntouched(uint256 nonce, address by) private view {
        vm.assertEq(registry.issuerOf(ISSUER).batches, 1, "batches");
        (, ICredentialRegistry.Batch memory batch) = registry.status(ISSUER, OTHER_ROOT, 0);
        vm.assertEq(batch.changedAt, 0, "changedAt");
        vm.assertTrue(!relay.isSpent(by, nonce), "nonce");
    }

    /// @dev The four roles, each through what needs it; `why` for those that are missing.
    function _expectCan(uint8 roles, bytes4 why) private {
        IRegistryRelay.Anchor memory request = _anchorRequest();
        request.root = keccak256(abi.encode(roles, why));
        if (roles & ANCHOR != 0) _relay(request);
        else _refuses(why, request);
        for (uint8 kind = 0; kind < 3; ++kind) {
            IRegistryRelay.SetStatus memory change =
                _statusRequest(ICredentialRegistry.Kind(kind), uint256(roles) * 3 + kind);
            change.root = OTHER_ROOT;
            if (roles & (REVOKE << kind) != 0) _relay(change);
            else _refuses(why, change);
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICredentialRegistry} from "../../contracts/ICredentialRegistry.sol";
import {IRegistryRelay} from "../../contracts/periphery/IRegistryRelay.sol";
import {RegistryRelay} from "../../contracts/periphery/RegistryRelay.sol";
import {RelayTest} from "./RelayTest.sol";

/// @dev An account whose code answers ERC-1271 questions in the manner that a test wants.
contract Wallet {
    enum Manner {
        Good,
        No,
        Reverts,
        Rubbish,
        Short,
        Empty,
        Long
    }

    Manner public manner;
    bytes32 public expected;
    bytes32 public expectedSignature;

    function set(Manner manner_, bytes32 digest, bytes calldata signature) external {
        (manner, expected, expectedSignature) = (manner_, digest, keccak256(signature));
    }

    function isValidSignature(bytes32 digest, bytes calldata signature)
        external
        view
        returns (bytes4)
    {
        if (digest != expected || keccak256(signature) != expectedSignature) return 0xffffffff;
        if (manner == Manner.No) return 0xffffffff;
        if (manner == Manner.Reverts) _revertWithYes();
        if (manner == Manner.Rubbish) _answer(32, bytes4(0x1626ba7e), 1);
        if (manner == Manner.Short) _answer(31, bytes4(0x1626ba7e), 0);
        if (manner == Manner.Empty) _answer(0, bytes4(0x1626ba7e), 0);
        if (manner == Manner.Long) _answer(96, bytes4(0x1626ba7e), 0);
        return 0x1626ba7e;
    }

    function _revertWithYes() private pure {
        bytes32 word = bytes4(0x1626ba7e);
        assembly {
            mstore(0x80, word)
            revert(0x80, 32)
        }
    }

    function _answer(uint256 size, bytes4 value, uint256 low) private pure {
        uint256 word = uint256(bytes32(value)) | low;
        assembly {
            mstore(0x80, word)
            return(0x80, size)
        }
    }
}

/// @dev A wallet of the simplest kind: it takes its owner's signature over anything, as it is.
contract OwnedWallet {
    address private immutable owner;

    constructor(address owner_) {
        owner = owner_;
    }

    function isValidSignature(bytes32 digest, bytes calldata signature)
        external
        view
        returns (bytes4)
    {
        (bytes32 r, bytes32 s) = (bytes32(signature[:32]), bytes32(signature[32:64]));
        address signer = ecrecover(digest, uint8(signature[64]), r, s);
        return signer == owner ? bytes4(0x1626ba7e) : bytes4(0);
    }
}

contract RelaySignaturesTest is RelayTest {
    bytes4 private constant INVALID = IRegistryRelay.InvalidSignature.selector;

    function test_ASignatureForAnotherChainIsRefused() public {
        IRegistryRelay.Anchor memory request = _anchorRequest();
        _refuses(
            INVALID, request, _sign(KEY, _digest(address(relay), CHAIN + 1, _hash(request)))
        );
    }

    function test_TheChainIsAskedForItsIdAtTheTimeOfTheCall() public {
        IRegistryRelay.Anchor memory request = _anchorRequest();
        signing.chainId(CHAIN + 1);
        _refuses(INVALID, request);
        relay.anchor(request, _sign(KEY, _digest(address(relay), CHAIN + 1, _hash(request))));
    }

    function test_ASignatureForAnotherRelayIsRefused() public {
        RegistryRelay other = new RegistryRelay(registry);
        _appoint(address(other), ALL, NEVER);
        IRegistryRelay.Anchor memory request = _anchorRequest();
        bytes memory signature = _sign(KEY, _digest(address(other), CHAIN, _hash(request)));
        _refuses(INVALID, request, signature);
        other.anchor(request, signature);
    }

    function test_TheOtherSOfASignatureIsRefused() public {
        IRegistryRelay.Anchor memory request = _anchorRequest();
        (uint8 v, bytes32 r, bytes32 s) = signing.sign(KEY, _digest(request));
        bytes32 mirrored = bytes32(ORDER - uint256(s));
        vm.assertEq(ecrecover(_digest(request), 55 - v, r, mirrored), signer, "it recovers");
        _refuses(INVALID, request, bytes.concat(r, mirrored, bytes1(55 - v)));
    }

    function test_AVOfNeither27Nor28IsRefused() public {
        IRegistryRelay.Anchor memory request = _anchorRequest();
        (uint8 v, bytes32 r, bytes32 s) = signing.sign(KEY, _digest(request));
        uint8[6] memory others = [v - 27, 55 - v, 0, 29, 255, v + 35 + 2];
        for (uint256 i = 0; i < others.length; ++i) {
            _refuses(INVALID, request, bytes.concat(r, s, bytes1(others[i])));
        }
    }

    function test_ASignatureOfAnotherLengthIsRefused() public {
        IRegistryRelay.Anchor memory request = _anchorRequest();
        bytes memory signature = _signed(request);
        _refuses(INVALID, request, "");
        _refuses(INVALID, request, bytes.concat(signature, hex"00"));
        (uint8 v, bytes32 r, bytes32 s) = signing.sign(KEY, _digest(request));
        // EIP-2098's short form: the parity in the highest bit of s.
        bytes32 vs = bytes32(uint256(s) | uint256(v - 27) << 255);
        _refuses(INVALID, request, bytes.concat(r, vs));
        _refuses(INVALID, request, bytes.concat(r, s));
    }

    function test_NobodyIsNoSigner() public {
        // The controller of the issuer 0 reads as 0, and so does what cannot be recovered.
        IRegistryRelay.Anchor memory request = _anchorRequest();
        (request.signer, request.issuer) = (address(0), address(0));
        vm.assertEq(registry.issuerOf(address(0)).controller, address(0), "controller");
        bytes memory unrecoverable = bytes.concat(bytes32(0), bytes32(0), bytes1(uint8(27)));
        _refuses(INVALID, request, unrecoverable);
        _appoint(address(0), ALL, NEVER);
        request.issuer = ISSUER;
        _refuses(INVALID, request, unrecoverable);
    }

    function test_EveryFieldOfAnAnchorIsSigned() public {
        bytes memory signature = _signed(_anchorRequest());
        address other = signing.addr(OTHER_KEY);
        _appoint(other, ALL, NEVER);
        vm.prank(OTHER_ISSUER);
        registry.setOperator(OTHER_ISSUER, signer, ALL, NEVER);
        IRegistryRelay.Anchor memory request = _anchorRequest();
        request.signer = other;
        _refuses(INVALID, request, signature);
        request = _anchorRequest();
        request.issuer = OTHER_ISSUER;
        _refuses(INVALID, request, signature);
        request = _anchorRequest();
        request.root = OTHER_ROOT;
        _refuses(INVALID, request, signature);
        request = _anchorRequest();
        ++request.size;
        _refuses(INVALID, request, signature);
        request = _anchorRequest();
        ++request.deadline;
        _refuses(INVALID, request, signature);
    }

    function test_EveryFieldOfAStatusChangeIsSigned() public {
        bytes memory signature = _signed(_change());
        address other = signing.addr(OTHER_KEY);
        _appoint(other, ALL, NEVER);
        vm.prank(OTHER_ISSUER);
        registry.setOperator(OTHER_ISSUER, signer, ALL, NEVER);
        IRegistryRelay.SetStatus memory request = _change();
        request.signer = other;
        _refuses(INVALID, request, signature);
        request = _change();
        request.issuer = OTHER_ISSUER;
        _refuses(INVALID, request, signature);
        request = _change();
        request.root = OTHER_ROOT;
        _refuses(INVALID, request, signature);
        request = _change();
        request.kind = ICredentialRegistry.Kind.Suspend;
        _refuses(INVALID, request, signature);
        request = _change();
        ++request.nonce;
        _refuses(INVALID, request, signature);
        request = _change();
        ++request.deadline;
        _refuses(INVALID, request, signature);
    }

    function test_EveryPatchIsSignedInItsPlace() public {
        bytes memory signature = _signed(_change());
        IRegistryRelay.SetStatus memory request = _change();
        ++request.patches[1].word;
        _refuses(INVALID, request, signature);
        request = _change();
        ++request.patches[0].mask;
        _refuses(INVALID, request, signature);
        request = _change();
        (request.patches[0], request.patches[1]) = (request.patches[1], request.patches[0]);
        _refuses(INVALID, request, signature);
        request = _change();
        request.patches = _patch(0, 5);
        _refuses(INVALID, request, signature);
        request.patches = new ICredentialRegistry.Patch[](3);
        (request.patches[0], request.patches[1]) = (_change().patches[0], _change().patches[1]);
        _refuses(INVALID, request, signature);
        _anchor(ROOT, 1000);
        relay.setStatus(_change(), signature);
    }

    function test_AContractSignsAsItsCodeSays() public {
        Wallet wallet = new Wallet();
        _appoint(address(wallet), ANCHOR, NEVER);
        IRegistryRelay.Anchor memory request = _anchorRequest();
        request.signer = address(wallet);
        for (uint8 manner = 1; manner <= uint8(Wallet.Manner.Empty); ++manner) {
            wallet.set(Wallet.Manner(manner), _digest(request), "from a wallet");
            _refuses(INVALID, request, "from a wallet");
        }
        wallet.set(Wallet.Manner.Good, _digest(request), "from a wallet");
        _refuses(INVALID, request, "from elsewhere");
        relay.anchor(request, "from a wallet");
    }

    function test_AnAnswerThatIsRightAndThenGoesOnIsRight() public {
        Wallet wallet = new Wallet();
        _appoint(address(wallet), ANCHOR, NEVER);
        IRegistryRelay.Anchor memory request = _anchorRequest();
        request.signer = address(wallet);
        wallet.set(Wallet.Manner.Long, _digest(request), "");
        relay.anchor(request, "");
    }

    function test_AContractThatSignedMayTakeItBackAndNeedsItsRoleToo() public {
        Wallet wallet = new Wallet();
        _anchor(ROOT, 1000);
        IRegistryRelay.SetStatus memory request =
            _statusRequest(ICredentialRegistry.Kind.Revoke, 1);
        request.signer = address(wallet);
        wallet.set(Wallet.Manner.Good, _digest(request), "signed");
        _refuses(IRegistryRelay.NotEntitled.selector, request, "signed");
        _appoint(address(wallet), REVOKE, NEVER);
        wallet.set(Wallet.Manner.No, _digest(request), "signed");
        _refuses(INVALID, request, "signed");
        wallet.set(Wallet.Manner.Good, _digest(request), "signed");
        relay.setStatus(request, "signed");
        _refuses(IRegistryRelay.NonceAlreadySpent.selector, request, "signed");
    }

    function test_AContractWithoutErc1271SignsNothing() public {
        _appoint(address(registry), ANCHOR, NEVER);
        IRegistryRelay.Anchor memory request = _anchorRequest();
        request.signer = address(registry);
        _refuses(INVALID, request, "");
    }

    function test_ADelegatedAccountSignsAsItsCodeSaysAndInNoOtherWay() public {
        // EIP-7702: the account's code names the contract whose code it runs.
        Wallet code = new Wallet();
        signing.etch(signer, bytes.concat(hex"ef0100", bytes20(address(code))));
        IRegistryRelay.Anchor memory request = _anchorRequest();
        _refuses(INVALID, request);
        Wallet(signer).set(Wallet.Manner.Good, _digest(request), "as the code says");
        relay.anchor(request, "as the code says");
    }

    function test_ASignatureOfOneKeyCountsForTheAccountThatItNames() public {
        // Two wallets of one owner, both operators: without `signer` in what is signed, one
        // signature would do for both, each with its own nonces.
        OwnedWallet one = new OwnedWallet(signer);
        OwnedWallet two = new OwnedWallet(signer);
        _appoint(address(one), ALL, NEVER);
        _appoint(address(two), ALL, NEVER);
        _anchor(ROOT, 1000);
        IRegistryRelay.SetStatus memory request =
            _statusRequest(ICredentialRegistry.Kind.Suspend, 1);
        request.signer = address(one);
        bytes memory signature = _signed(request);
        relay.setStatus(request, signature);
        request.signer = address(two);
        _refuses(INVALID, request, signature);
        request.signer = signer;
        _refuses(INVALID, request, signature);
    }

    function test_TheRelayIsNeverTheSigner() public {
        // It is an operator with all roles, and the controller of the issuer that has its address.
        IRegistryRelay.Anchor memory request = _anchorRequest();
        request.signer = address(relay);
        _refuses(INVALID, request, "");
        _refuses(INVALID, request, _signed(request));
        request.issuer = address(relay);
        _refuses(INVALID, request, _signed(request));
    }

    function _change() private view returns (IRegistryRelay.SetStatus memory request) {
        request = _statusRequest(ICredentialRegistry.Kind.Revoke, 5);
        request.patches = new ICredentialRegistry.Patch[](2);
        request.patches[0] = ICredentialRegistry.Patch(0, 5);
        request.patches[1] = ICredentialRegistry.Patch(2, 1 << 255);
    }
}

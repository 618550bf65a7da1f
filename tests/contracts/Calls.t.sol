// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICredentialRegistry} from "../../contracts/ICredentialRegistry.sol";
import {RegistryTest} from "./RegistryTest.sol";

/// @dev What comes before any function: calls as bytes, of the issuer that may do everything.
contract CallsTest is RegistryTest {
    bytes private constant NOTHING = "";

    function setUp() public override {
        super.setUp();
        _anchor(ROOT, 10);
    }

    function test_EtherAndCallsCutShortAreRefusedByEveryFunction() public {
        bytes[] memory calls = _calls();
        for (uint256 i = 0; i < calls.length; ++i) {
            vm.assertEq(_send(calls[i], 1), false, "with a value");
            vm.assertEq(_send(_cut(calls[i]), 0), false, "cut short");
            vm.assertEq(_send(calls[i], 0), true, "as it should be");
        }
        vm.assertEq(_send(NOTHING, 1), false, "plain transfer");
        vm.assertEq(address(registry).balance, 0, "balance");
    }

    function testFuzz_NoOtherFunctionIsThere(bytes4 selector, bytes calldata rest) public {
        bytes[] memory calls = _calls();
        for (uint256 i = 0; i < calls.length; ++i) {
            if (bytes4(calls[i]) == selector) return;
        }
        vm.assertEq(_send(abi.encodePacked(selector, rest), 0), false, "unknown selector");
        vm.assertEq(_send(NOTHING, 0), false, "no selector");
    }

    function test_AKindOutsideTheEnumIsRefused() public {
        for (uint256 kind = 3; kind < 259; ++kind) {
            vm.assertEq(_send(_status(kind, 0), 0), false, "setStatus");
            vm.assertEq(_send(_batchStatus(kind), 0), false, "setBatchStatus");
        }
    }

    /// @dev Were the high bits dropped, two calls that differ would do the same.
    function test_ANumberThatIsTooLargeForItsTypeIsRefused() public {
        vm.assertEq(_send(_status(0, 1 << 24), 0), false, "word");
        vm.assertEq(_send(_anchoring(uint160(ISSUER), 1 << 32), 0), false, "size");
        vm.assertEq(_send(_anchoring(1 << 160 | uint160(ISSUER), 1), 0), false, "issuer");
        vm.assertEq(_send(_operator(uint160(OPERATOR), 257, NEVER), 0), false, "roles");
        vm.assertEq(_send(_operator(uint160(OPERATOR), 1, 1 << 40), 0), false, "expires");
        vm.assertEq(_send(_operator(1 << 160, 1, NEVER), 0), false, "operator");
        bytes4 selector = registry.status.selector;
        bytes memory index = abi.encodeWithSelector(selector, ISSUER, ROOT, 1 << 32);
        vm.assertEq(_send(index, 0), false, "index");
    }

    function _send(bytes memory call, uint256 value) private returns (bool done) {
        vm.deal(ISSUER, value);
        vm.prank(ISSUER);
        (done,) = address(registry).call{value: value}(call);
    }

    function _cut(bytes memory whole) private pure returns (bytes memory cut) {
        cut = new bytes(whole.length - 32);
        for (uint256 i = 0; i < cut.length; ++i) {
            cut[i] = whole[i];
        }
    }

    /// @dev They succeed one after another.
    function _calls() private view returns (bytes[] memory calls) {
        calls = new bytes[](13);
        calls[0] = _anchoring(uint160(ISSUER), 1);
        calls[1] = _status(0, 0);
        calls[2] = _batchStatus(1);
        calls[3] = _operator(uint160(OPERATOR), 1, NEVER);
        calls[4] = abi.encodeCall(registry.commitSuccessor, (ISSUER, _digest(ISSUER)));
        calls[5] = abi.encodeCall(registry.succeed, (ISSUER, NEXT));
        calls[6] = abi.encodeCall(registry.setProfile, (ISSUER, "https://example.org"));
        calls[7] = abi.encodeCall(registry.status, (ISSUER, ROOT, 0));
        calls[8] = abi.encodeCall(registry.statusMany, (new ICredentialRegistry.Query[](1)));
        calls[9] = abi.encodeCall(registry.statusWords, (ISSUER, ROOT, 0, 1));
        calls[10] = abi.encodeCall(registry.verify, (ISSUER, ROOT, 0, 0, new bytes32[](1)));
        calls[11] = abi.encodeCall(registry.issuerOf, (ISSUER));
        calls[12] = abi.encodeCall(registry.operatorOf, (ISSUER, OPERATOR));
    }

    function _anchoring(uint256 issuer, uint256 size) private view returns (bytes memory) {
        return abi.encodeWithSelector(registry.anchor.selector, issuer, OTHER_ROOT, size);
    }

    function _operator(uint256 operator, uint256 roles, uint256 expires)
        private
        view
        returns (bytes memory)
    {
        bytes4 selector = registry.setOperator.selector;
        return abi.encodeWithSelector(selector, ISSUER, operator, roles, expires);
    }

    function _batchStatus(uint256 kind) private view returns (bytes memory) {
        bytes4 selector = registry.setBatchStatus.selector;
        return abi.encodeWithSelector(selector, ISSUER, kind, _roots(ROOT));
    }

    /// @dev A struct of two words is encoded as an array of two.
    function _status(uint256 kind, uint256 word) private view returns (bytes memory) {
        uint256[2][] memory patches = new uint256[2][](1);
        patches[0] = [word, 1];
        return abi.encodeWithSelector(registry.setStatus.selector, ISSUER, ROOT, kind, patches);
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CredentialRegistry} from "../../contracts/CredentialRegistry.sol";
import {ICredentialRegistry} from "../../contracts/ICredentialRegistry.sol";

/// @dev The cheat codes of the test runner that these tests use.
interface Vm {
    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    function prank(address sender) external;
    function warp(uint256 timestamp) external;
    function roll(uint256 number) external;
    function deal(address account, uint256 balance) external;
    function load(address account, bytes32 slot) external view returns (bytes32);
    function store(address account, bytes32 slot, bytes32 value) external;
    function expectRevert(bytes4 selector) external;
    function expectRevert(bytes calldata data) external;
    function expectEmit(address emitter) external;
    function mockCall(address callee, bytes calldata data, bytes calldata result) external;
    function mockCallRevert(address callee, bytes calldata data, bytes calldata why) external;
    function readFile(string calldata path) external view returns (string memory);
    function parseJson(string calldata json, string calldata key)
        external
        pure
        returns (bytes memory);
    function recordLogs() external;
    function getRecordedLogs() external returns (Log[] memory);
    function assertTrue(bool condition, string calldata message) external pure;
    function assertEq(bool got, bool want, string calldata message) external pure;
    function assertEq(uint256 got, uint256 want, string calldata message) external pure;
    function assertEq(bytes32 got, bytes32 want, string calldata message) external pure;
    function assertEq(address got, address want, string calldata message) external pure;
}

/// @dev Times and blocks are written out: the compiler may take `block.timestamp` to be the same
/// before and after the runner sets it.
abstract contract RegistryTest {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    address internal constant ISSUER = address(0x1551);
    address internal constant OTHER_ISSUER = address(0x1552);
    address internal constant OPERATOR = address(0x0BE4);
    address internal constant STRANGER = address(0x57A6);
    address internal constant SUCCESSOR = address(0x50CC);

    bytes32 internal constant ROOT = bytes32(uint256(0xA001));
    bytes32 internal constant OTHER_ROOT = bytes32(uint256(0xA002));
    bytes32 internal constant NEXT = keccak256("the successor after that");

    uint8 internal constant ANCHOR = 1;
    uint8 internal constant REVOKE = 2;
    uint8 internal constant SUSPEND = 4;
    uint8 internal constant REINSTATE = 8;
    uint40 internal constant NEVER = type(uint40).max;

    uint256 internal constant START = 1_800_000_000;
    uint256 internal constant START_BLOCK = 1_000;

    CredentialRegistry internal registry;

    function setUp() public virtual {
        _at(START, START_BLOCK);
        registry = new CredentialRegistry();
    }

    function _at(uint256 timestamp, uint256 number) internal {
        vm.warp(timestamp);
        vm.roll(number);
    }

    function _anchor(bytes32 root, uint32 size) internal {
        vm.prank(ISSUER);
        registry.anchor(ISSUER, root, size);
    }

    function _allow(uint8 roles, uint40 expires) internal {
        vm.prank(ISSUER);
        registry.setOperator(ISSUER, OPERATOR, roles, expires);
    }

    function _set(ICredentialRegistry.Kind kind, uint24 word, uint256 mask) internal {
        vm.prank(ISSUER);
        registry.setStatus(ISSUER, ROOT, kind, _patch(word, mask));
    }

    function _setBatch(ICredentialRegistry.Kind kind) internal {
        vm.prank(ISSUER);
        registry.setBatchStatus(ISSUER, kind, _roots(ROOT));
    }

    function _commit(address successor) internal {
        vm.prank(ISSUER);
        registry.commitSuccessor(ISSUER, _digest(successor));
    }

    function _succeed() internal {
        _commit(SUCCESSOR);
        vm.prank(SUCCESSOR);
        registry.succeed(ISSUER, NEXT);
    }

    function _head() internal view returns (ICredentialRegistry.Batch memory batch) {
        (, batch) = registry.status(ISSUER, ROOT, 0);
    }

    function _expectState(uint32 index, ICredentialRegistry.State want) internal view {
        (ICredentialRegistry.State got,) = registry.status(ISSUER, ROOT, index);
        vm.assertEq(uint8(got), uint8(want), "state");
    }

    function _expectBatch(
        ICredentialRegistry.Batch memory got,
        ICredentialRegistry.Batch memory want
    ) internal pure {
        vm.assertEq(keccak256(abi.encode(got)), keccak256(abi.encode(want)), "batch");
    }

    function _patch(uint24 word, uint256 mask)
        internal
        pure
        returns (ICredentialRegistry.Patch[] memory patches)
    {
        patches = new ICredentialRegistry.Patch[](1);
        patches[0] = ICredentialRegistry.Patch(word, mask);
    }

    function _roots(bytes32 root) internal pure returns (bytes32[] memory roots) {
        roots = new bytes32[](1);
        roots[0] = root;
    }

    function _digest(address successor) internal pure returns (bytes32) {
        return keccak256(abi.encode(successor));
    }
}

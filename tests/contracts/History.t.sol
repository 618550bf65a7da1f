// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICredentialRegistry} from "../../contracts/ICredentialRegistry.sol";
import {RegistryTest, Vm} from "./RegistryTest.sol";

/// @dev Random histories of a few actors, against a second telling of the rules in plain booleans:
/// no bits, no packing, no epochs. Every call must succeed exactly where the rules say so, and what
/// is read in the end must be what the rules give.
contract HistoryTest is RegistryTest {
    struct Grant {
        uint8 roles;
        uint256 expires;
    }

    struct Told {
        uint256 size;
        uint256 seq;
        uint256 anchoredAt;
        uint256 anchoredBlock;
        uint256 revokedAt;
        uint256 changedAt;
        uint256 changedBlock;
        bool suspended;
        bool everSuspended;
        mapping(uint256 index => bool) revokedOnes;
        mapping(uint256 index => bool) suspendedOnes;
    }

    uint256 private constant STEPS = 80;

    address[4] private _actors = [ISSUER, OTHER_ISSUER, OPERATOR, SUCCESSOR];
    bytes32[3] private _someRoots = [bytes32(0), ROOT, OTHER_ROOT];
    uint32[8] private _sizes = [0, 1, 2, 44, 255, 256, 257, 300];
    uint24[5] private _words = [0, 1, 2, 65_536, type(uint24).max];
    uint256[6] private _bits = [uint256(0), 1, 43, 44, 254, 255];

    mapping(address issuer => address) private _controllers;
    mapping(address issuer => address) private _successors;
    mapping(address issuer => uint256) private _counts;
    mapping(address issuer => mapping(address operator => Grant)) private _grants;
    mapping(address issuer => mapping(bytes32 root => Told)) private _told;

    uint256 private _seed;
    uint256 private _time;
    uint256 private _number;
    address private _sender;
    address private _issuer;

    /// hardhat-config: fuzz.runs = 100
    function testFuzz_EveryHistoryIsAsTheRulesTellIt(uint256 seed) public {
        (_seed, _time, _number) = (seed, START, START_BLOCK);
        for (uint256 i = 0; i < 4; ++i) {
            _controllers[_actors[i]] = _actors[i];
        }
        for (uint256 i = 0; i < STEPS; ++i) {
            _step();
        }
        for (uint256 i = 0; i < 4; ++i) {
            _compareIssuer(_actors[i]);
        }
    }

    function _step() private {
        (_time, _number) = (_time + _random(12), _number + _random(2));
        _at(_time, _number);
        _issuer = _actors[_random(2)];
        // Mostly one who may, or nearly all calls would fail.
        _sender = _random(2) == 0 ? _controllers[_issuer] : _actors[_random(4)];
        uint256 action = _random(12);
        if (action < 3) _anchorSome();
        else if (action < 6) _setSome();
        else if (action < 8) _setSomeBatches();
        else if (action < 10) _setSomeOperator();
        else if (action < 11) _commitSome();
        else _succeedSome();
    }

    function _anchorSome() private {
        bytes32 root = _someRoots[_random(3)];
        uint32 size = _sizes[_random(8)];
        Told storage told = _told[_issuer][root];
        bool want = _may(ANCHOR) && root != 0 && size != 0 && told.size == 0;
        _call(abi.encodeCall(registry.anchor, (_issuer, root, size)), want);
        if (!want) return;
        (told.size, told.seq) = (size, ++_counts[_issuer]);
        (told.anchoredAt, told.anchoredBlock) = (_time, _number);
    }

    function _setSome() private {
        ICredentialRegistry.Kind kind = ICredentialRegistry.Kind(_random(3));
        bytes32 root = _someRoots[_random(3)];
        uint256[] memory indices = new uint256[](12);
        ICredentialRegistry.Patch[] memory patches = new ICredentialRegistry.Patch[](_random(3));
        Told storage told = _told[_issuer][root];
        bool want = _may(_roleOf(kind)) && told.size != 0 && patches.length != 0;
        uint256 count = 0;
        for (uint256 i = 0; i < patches.length; ++i) {
            uint24 word = _words[_random(8) == 0 ? 3 + _random(2) : _random(3)];
            uint256 mask = 0;
            for (uint256 j = 0; j < 6; ++j) {
                if (_random(3) != 0) continue;
                mask |= 1 << _bits[j];
                indices[count] = uint256(word) * 256 + _bits[j];
                want = want && indices[count++] < told.size;
            }
            want = want && mask != 0;
            patches[i] = ICredentialRegistry.Patch(word, mask);
        }
        vm.recordLogs();
        _call(abi.encodeCall(registry.setStatus, (_issuer, root, kind, patches)), want);
        if (!want) return;
        _expectLink(told);
        _changed(told, kind);
        for (uint256 i = 0; i < count; ++i) {
            if (kind == ICredentialRegistry.Kind.Revoke) told.revokedOnes[indices[i]] = true;
            else told.suspendedOnes[indices[i]] = kind == ICredentialRegistry.Kind.Suspend;
        }
    }

    function _setSomeBatches() private {
        ICredentialRegistry.Kind kind = ICredentialRegistry.Kind(_random(3));
        bytes32[] memory roots = new bytes32[](_random(3));
        bool want = _may(_roleOf(kind)) && roots.length != 0;
        for (uint256 i = 0; i < roots.length; ++i) {
            roots[i] = _someRoots[i + 1];
            want = want && _told[_issuer][roots[i]].size != 0;
        }
        vm.recordLogs();
        _call(abi.encodeCall(registry.setBatchStatus, (_issuer, kind, roots)), want);
        if (!want) return;
        Vm.Log[] memory logs = vm.getRecordedLogs();
        vm.assertEq(logs.length, roots.length, "one log for each root");
        for (uint256 i = 0; i < roots.length; ++i) {
            Told storage told = _told[_issuer][roots[i]];
            (,, uint256 previous) = abi.decode(logs[i].data, (uint8, address, uint256));
            vm.assertEq(previous, told.changedBlock, "previousChange");
            _changed(told, kind);
            if (kind == ICredentialRegistry.Kind.Revoke && told.revokedAt == 0) {
                told.revokedAt = _time;
            }
            if (kind == ICredentialRegistry.Kind.Suspend) told.suspended = true;
            if (kind == ICredentialRegistry.Kind.Reinstate) told.suspended = false;
        }
    }

    function _setSomeOperator() private {
        address operator = _random(2) == 0 ? _sender : _actors[_random(4)];
        uint8 roles = _random(4) == 0 ? 0 : uint8(_random(18));
        uint40 expires = roles == 0 && _random(4) != 0 ? 0 : uint40(_time + _random(200));
        bool resigns = operator == _sender && roles == 0 && _rolesOf(operator) != 0;
        bool want = (_sender == _controllers[_issuer] || resigns) && roles < 16
            && (roles == 0 ? expires == 0 : expires > _time);
        _call(abi.encodeCall(registry.setOperator, (_issuer, operator, roles, expires)), want);
        if (want) _grants[_issuer][operator] = Grant(roles, expires);
    }

    function _commitSome() private {
        address successor = _random(4) == 0 ? address(0) : _actors[_random(4)];
        bytes32 digest = successor == address(0) ? bytes32(0) : _digest(successor);
        bool want = _sender == _controllers[_issuer] && _successors[_issuer] == address(0)
            && successor != address(0);
        _call(abi.encodeCall(registry.commitSuccessor, (_issuer, digest)), want);
        if (want) _successors[_issuer] = successor;
    }

    function _succeedSome() private {
        if (_random(2) == 0 && _successors[_issuer] != address(0)) _sender = _successors[_issuer];
        address next = _actors[_random(4)];
        bool want = _sender == _successors[_issuer];
        _call(abi.encodeCall(registry.succeed, (_issuer, _digest(next))), want);
        if (!want) return;
        (_controllers[_issuer], _successors[_issuer]) = (_sender, next);
        for (uint256 i = 0; i < 4; ++i) {
            delete _grants[_issuer][_actors[i]];
        }
    }

    function _call(bytes memory call, bool want) private {
        vm.prank(_sender);
        (bool done,) = address(registry).call(call);
        vm.assertEq(done, want, "a call succeeds exactly where it may");
    }

    function _changed(Told storage told, ICredentialRegistry.Kind kind) private {
        (told.changedAt, told.changedBlock) = (_time, _number);
        if (kind == ICredentialRegistry.Kind.Suspend) told.everSuspended = true;
    }

    function _expectLink(Told storage told) private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        (,, uint256 previous) = abi.decode(logs[0].data, (uint8, address, uint256));
        vm.assertEq(previous, told.changedBlock, "previousChange");
    }

    function _compareIssuer(address issuer) private view {
        ICredentialRegistry.Issuer memory got = registry.issuerOf(issuer);
        vm.assertEq(got.controller, _controllers[issuer], "controller");
        vm.assertEq(got.batches, _counts[issuer], "batches");
        for (uint256 i = 0; i < 3; ++i) {
            _compareBatch(issuer, _someRoots[i]);
        }
    }

    function _compareBatch(address issuer, bytes32 root) private view {
        Told storage told = _told[issuer][root];
        (, ICredentialRegistry.Batch memory got) = registry.status(issuer, root, 0);
        vm.assertEq(got.size, told.size, "size");
        vm.assertEq(got.seq, told.seq, "seq");
        vm.assertEq(got.anchoredAt, told.anchoredAt, "anchoredAt");
        vm.assertEq(got.anchoredBlock, told.anchoredBlock, "anchoredBlock");
        vm.assertEq(got.revokedAt, told.revokedAt, "revokedAt");
        vm.assertEq(got.changedAt, told.changedAt, "changedAt");
        vm.assertEq(got.changedBlock, told.changedBlock, "changedBlock");
        vm.assertEq(got.flags & 1 != 0, told.suspended, "suspended now");
        vm.assertEq(got.flags & 2 != 0, told.everSuspended, "ever suspended");
        for (uint256 i = 0; i < 18; ++i) {
            uint256 index = (i / 6) * 256 + _bits[i % 6];
            (ICredentialRegistry.State state,) = registry.status(issuer, root, uint32(index));
            vm.assertEq(uint8(state), uint8(_stateOf(told, index)), "state");
        }
        _compareBits(issuer, root);
    }

    /// @dev The state alone would hide the bits of a batch that is revoked or suspended as a whole.
    function _compareBits(address issuer, bytes32 root) private view {
        Told storage told = _told[issuer][root];
        (, uint256[2][] memory words) = registry.statusWords(issuer, root, 0, 3);
        for (uint256 i = 0; i < words.length; ++i) {
            for (uint256 bit = 0; bit < 256; ++bit) {
                uint256 index = i * 256 + bit;
                vm.assertEq(words[i][0] >> bit & 1 != 0, told.revokedOnes[index], "revoked bit");
                vm.assertEq(words[i][1] >> bit & 1 != 0, told.suspendedOnes[index], "suspended");
            }
        }
    }

    function _stateOf(Told storage told, uint256 index)
        private
        view
        returns (ICredentialRegistry.State)
    {
        if (told.size == 0) return ICredentialRegistry.State.Unanchored;
        if (index >= told.size) return ICredentialRegistry.State.OutOfRange;
        if (told.revokedAt != 0 || told.revokedOnes[index]) {
            return ICredentialRegistry.State.Revoked;
        }
        if (told.suspended || told.suspendedOnes[index]) {
            return ICredentialRegistry.State.Suspended;
        }
        return ICredentialRegistry.State.Valid;
    }

    function _may(uint8 role) private view returns (bool) {
        return _sender == _controllers[_issuer] || _rolesOf(_sender) & role != 0;
    }

    function _rolesOf(address operator) private view returns (uint8) {
        Grant memory grant = _grants[_issuer][operator];
        return _time < grant.expires ? grant.roles : 0;
    }

    function _roleOf(ICredentialRegistry.Kind kind) private pure returns (uint8) {
        if (kind == ICredentialRegistry.Kind.Revoke) return REVOKE;
        return kind == ICredentialRegistry.Kind.Suspend ? SUSPEND : REINSTATE;
    }

    function _random(uint256 below) private returns (uint256) {
        _seed = uint256(keccak256(abi.encode(_seed)));
        return _seed % below;
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICredentialRegistry} from "../../contracts/ICredentialRegistry.sol";
import {RegistryTest, Vm} from "./RegistryTest.sol";
import {Trees} from "./Trees.sol";

/// @dev Random histories of a few actors, each of them issuer, operator and successor to others,
/// beside a second telling of the rules in plain booleans: no bits, no packing, no epochs. The
/// runner calls the functions with `seed` in any order; what was seen on the way is kept here, for
/// the invariants to be held against.
abstract contract Histories is RegistryTest {
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

    /// @dev What was read of a batch at any time before.
    struct Seen {
        ICredentialRegistry.Batch first;
        uint256 revokedAt;
        mapping(uint256 word => uint256) revoked;
    }

    /// @dev One log of a change of status.
    struct Link {
        uint256 number;
        uint256 previous;
    }

    uint256 internal constant WORDS = 3;
    uint256 private constant FOREVER = type(uint40).max;

    address[4] internal _actors = [ISSUER, OTHER_ISSUER, OPERATOR, SUCCESSOR];
    uint256[3] internal _leafCounts = [uint256(5), 44, 257];
    bytes32[4] internal _someRoots;
    bytes32[][3] internal _leaves;
    uint24[5] private _words = [0, 1, 2, 65_536, type(uint24).max];
    uint256[6] private _bits = [uint256(0), 1, 43, 44, 254, 255];

    mapping(address issuer => address) internal _controllers;
    mapping(address issuer => address) internal _successors;
    mapping(address issuer => bytes32[]) internal _inOrder;
    mapping(address issuer => uint256) internal _profileBlocks;
    mapping(address issuer => mapping(address operator => Grant)) internal _grants;
    mapping(address issuer => mapping(bytes32 root => Told)) internal _told;
    mapping(address issuer => mapping(bytes32 root => Seen)) internal _seen;
    mapping(address issuer => mapping(bytes32 root => Link[])) internal _links;

    uint256 internal _seed;
    uint256 private _steps;
    uint256 internal _time = START;
    uint256 internal _number = START_BLOCK;
    address internal _issuer = ISSUER;
    address private _sender;
    bytes4 private _refusal;

    uint256 internal _surprises;
    uint256 internal _crossings;
    uint256 internal _usurpations;

    function setUp() public override {
        super.setUp();
        for (uint256 i = 0; i < 4; ++i) {
            _controllers[_actors[i]] = _actors[i];
        }
        for (uint256 i = 0; i < 3; ++i) {
            for (uint256 j = 0; j < _leafCounts[i]; ++j) {
                _leaves[i].push(sha256(abi.encodePacked(hex"00", i, j)));
            }
            _someRoots[i] = Trees.head(_leaves[i], 0, _leafCounts[i]);
        }
    }

    /// @dev Often to the very second in which an operator's roles end, or the one before.
    function passTime(uint256 seed) external {
        _begin(seed);
        uint256 expires = _grants[_issuer][_anyone()].expires;
        uint256 early = _random(2);
        bool toTheSecond = _random(2) == 0 && expires > _time && expires != FOREVER;
        _time = toTheSecond ? expires - early : _time + _random(100);
        _number += 1 + _random(5);
    }

    function anchor(uint256 seed) external {
        _begin(seed);
        uint256 tree = _random(4);
        (bytes32 root, uint32 size) = (_someRoots[tree], _someSize(tree));
        _require(_may(ANCHOR), ICredentialRegistry.NotAuthorized.selector);
        _require(root != 0 && size != 0, ICredentialRegistry.InvalidBatch.selector);
        Told storage told = _told[_issuer][root];
        _require(told.size == 0, ICredentialRegistry.AlreadyAnchored.selector);
        if (!_call(abi.encodeCall(registry.anchor, (_issuer, root, size)))) return;
        _inOrder[_issuer].push(root);
        (told.size, told.seq) = (size, _inOrder[_issuer].length);
        (told.anchoredAt, told.anchoredBlock) = (_time, _number);
    }

    /// @dev Three at once, for most of what can go wrong needs several on one batch.
    function setStatus(uint256 seed) external {
        for (uint256 i = 0; i < 3; ++i) {
            _setSome(seed);
        }
    }

    function _setSome(uint256 seed) private {
        _begin(seed);
        ICredentialRegistry.Kind kind = ICredentialRegistry.Kind(_random(3));
        bytes32 root = _someRoot();
        Told storage told = _told[_issuer][root];
        _require(_may(_roleOf(kind)), ICredentialRegistry.NotAuthorized.selector);
        ICredentialRegistry.Patch[] memory patches = new ICredentialRegistry.Patch[](_few());
        _require(patches.length != 0, ICredentialRegistry.EmptyPatch.selector);
        _require(told.size != 0, ICredentialRegistry.NotAnchored.selector);
        uint256[] memory indices = new uint256[](18);
        uint256 count = 0;
        for (uint256 i = 0; i < patches.length; ++i) {
            count = _somePatch(patches[i], indices, count, told.size);
        }
        if (!_call(abi.encodeCall(registry.setStatus, (_issuer, root, kind, patches)))) return;
        _changed(told, kind);
        for (uint256 i = 0; i < count; ++i) {
            if (kind == ICredentialRegistry.Kind.Revoke) told.revokedOnes[indices[i]] = true;
            else told.suspendedOnes[indices[i]] = kind == ICredentialRegistry.Kind.Suspend;
        }
    }

    function setBatchStatus(uint256 seed) external {
        _begin(seed);
        ICredentialRegistry.Kind kind = ICredentialRegistry.Kind(_random(3));
        _require(_may(_roleOf(kind)), ICredentialRegistry.NotAuthorized.selector);
        bytes32[] memory roots = new bytes32[](_few());
        _require(roots.length != 0, ICredentialRegistry.EmptyPatch.selector);
        for (uint256 i = 0; i < roots.length; ++i) {
            // One root may come twice.
            roots[i] = _someRoot();
            bool known = _told[_issuer][roots[i]].size != 0;
            _require(known, ICredentialRegistry.NotAnchored.selector);
        }
        if (!_call(abi.encodeCall(registry.setBatchStatus, (_issuer, kind, roots)))) return;
        for (uint256 i = 0; i < roots.length; ++i) {
            Told storage told = _told[_issuer][roots[i]];
            _changed(told, kind);
            if (kind == ICredentialRegistry.Kind.Suspend) told.suspended = true;
            else if (kind == ICredentialRegistry.Kind.Reinstate) told.suspended = false;
            else if (told.revokedAt == 0) told.revokedAt = _time;
        }
    }

    function setOperator(uint256 seed) external {
        _begin(seed);
        address operator = _random(3) == 0 ? _sender : _anyone();
        uint8 roles = _random(4) == 0 ? 0 : uint8(_random(4) == 0 ? 15 : _random(17));
        uint40 expires = roles == 0 && _random(4) != 0 ? 0 : _someExpiry();
        bool resigns = operator == _sender && roles == 0 && _rolesOf(_issuer, operator) != 0;
        bool controls = _sender == _controllers[_issuer];
        _require(controls || resigns, ICredentialRegistry.NotAuthorized.selector);
        bool sound = roles == 0 ? expires == 0 : roles < 16 && expires > _time;
        _require(sound, ICredentialRegistry.InvalidRoles.selector);
        bytes memory call =
            abi.encodeCall(registry.setOperator, (_issuer, operator, roles, expires));
        if (_call(call)) _grants[_issuer][operator] = Grant(roles, expires);
    }

    function changeKeys(uint256 seed) external {
        _begin(seed);
        uint256 action = _random(4);
        if (action == 0) _setProfile();
        else if (action == 1) _commitSuccessor();
        else _takeOver();
    }

    function _commitSuccessor() private {
        address next = _random(4) == 0 ? address(0) : _anyone();
        _require(_sender == _controllers[_issuer], ICredentialRegistry.NotAuthorized.selector);
        bool free = _successors[_issuer] == address(0);
        _require(free, ICredentialRegistry.SuccessorAlreadySet.selector);
        _require(next != address(0), ICredentialRegistry.ZeroCommitment.selector);
        bytes32 digest = next == address(0) ? bytes32(0) : _digest(next);
        bytes memory call = abi.encodeCall(registry.commitSuccessor, (_issuer, digest));
        if (_call(call)) _successors[_issuer] = next;
    }

    function _takeOver() private {
        if (_random(2) == 0 && _successors[_issuer] != address(0)) _sender = _successors[_issuer];
        address next = _random(8) == 0 ? address(0) : _anyone();
        _require(_sender == _successors[_issuer], ICredentialRegistry.NotSuccessor.selector);
        _require(next != address(0), ICredentialRegistry.ZeroCommitment.selector);
        bytes32 digest = next == address(0) ? bytes32(0) : _digest(next);
        if (!_call(abi.encodeCall(registry.succeed, (_issuer, digest)))) return;
        (_controllers[_issuer], _successors[_issuer]) = (_sender, next);
        for (uint256 i = 0; i < 4; ++i) {
            delete _grants[_issuer][_actors[i]];
        }
    }

    function _setProfile() private {
        _require(_sender == _controllers[_issuer], ICredentialRegistry.NotAuthorized.selector);
        bytes memory call = abi.encodeCall(registry.setProfile, (_issuer, "https://example.org"));
        if (_call(call)) _profileBlocks[_issuer] = _number;
    }

    function _begin(uint256 seed) private {
        // The runner likes to repeat itself: what one number leads to differs from step to step.
        (_seed, _refusal) = (seed ^ ++_steps << 240, 0);
        (_time, _number) = (_time + _random(12), _number + _random(2));
        _at(_time, _number);
        _issuer = _actors[_random(5) % 3];
        // Mostly one who may, or nearly all calls would fail; so it is with what is asked for.
        _sender = _random(5) < 3 ? _controllers[_issuer] : _anyone();
    }

    function _require(bool condition, bytes4 refusal) private {
        if (!condition && _refusal == 0) _refusal = refusal;
    }

    /// @dev Calls the registry and keeps what is seen; whether the rules say that it succeeds.
    function _call(bytes memory call) private returns (bool) {
        bytes32 others = _fingerprintOfOthers();
        bytes32 successor = registry.issuerOf(_issuer).successor;
        vm.recordLogs();
        vm.prank(_sender);
        (bool done, bytes memory result) = address(registry).call(call);
        bool foreseen = done ? _refusal == 0 : _refusal != 0 && bytes4(result) == _refusal;
        if (!foreseen) ++_surprises;
        if (_fingerprintOfOthers() != others) ++_crossings;
        bool replaced = successor != 0 && registry.issuerOf(_issuer).successor != successor;
        if (replaced && _digest(_sender) != successor) ++_usurpations;
        // The runner keeps the logs of a call that failed as well.
        if (done) _keepLinks();
        _look();
        return _refusal == 0;
    }

    /// @dev Everything that can be read of the issuers that the call does not name.
    function _fingerprintOfOthers() private view returns (bytes32 print) {
        for (uint256 i = 0; i < 4; ++i) {
            address issuer = _actors[i];
            if (issuer == _issuer) continue;
            print = keccak256(abi.encode(print, registry.issuerOf(issuer)));
            for (uint256 j = 0; j < 4; ++j) {
                (uint8 roles, uint40 expires) = registry.operatorOf(issuer, _actors[j]);
                (ICredentialRegistry.Batch memory batch, uint256[2][] memory words) =
                    registry.statusWords(issuer, _someRoots[j], 0, WORDS);
                print = keccak256(abi.encode(print, roles, expires, batch, words));
            }
        }
    }

    function _keepLinks() private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            bytes32 topic = logs[i].topics[0];
            if (
                topic != ICredentialRegistry.StatusChanged.selector
                    && topic != ICredentialRegistry.BatchStatusChanged.selector
            ) continue;
            address issuer = address(uint160(uint256(logs[i].topics[1])));
            (,, uint256 previous) = abi.decode(logs[i].data, (uint8, address, uint256));
            _links[issuer][logs[i].topics[2]].push(Link(_number, previous));
        }
    }

    function _look() private {
        for (uint256 i = 0; i < 3; ++i) {
            for (uint256 j = 0; j < 4; ++j) {
                _lookAt(_seen[_actors[i]][_someRoots[j]], _actors[i], _someRoots[j]);
            }
        }
    }

    function _lookAt(Seen storage seen, address issuer, bytes32 root) private {
        (ICredentialRegistry.Batch memory batch, uint256[2][] memory words) =
            registry.statusWords(issuer, root, 0, WORDS);
        if (seen.first.size == 0) seen.first = batch;
        if (seen.revokedAt == 0) seen.revokedAt = batch.revokedAt;
        for (uint256 i = 0; i < words.length; ++i) {
            seen.revoked[i] |= words[i][0];
        }
    }

    function _changed(Told storage told, ICredentialRegistry.Kind kind) private {
        (told.changedAt, told.changedBlock) = (_time, _number);
        if (kind == ICredentialRegistry.Kind.Suspend) told.everSuspended = true;
    }

    function _somePatch(
        ICredentialRegistry.Patch memory patch,
        uint256[] memory indices,
        uint256 count,
        uint256 size
    ) private returns (uint256) {
        patch.word = _words[_random(2) * _random(3)];
        if (uint256(patch.word) * 256 >= size && _random(8) != 0) patch.word = 0;
        if (_random(12) == 0) patch.word = _words[3 + _random(2)];
        bool inside = true;
        uint256 always = _random(16) == 0 ? 6 : _random(size == 1 ? 1 : 2);
        for (uint256 i = 0; i < 6; ++i) {
            uint256 index = uint256(patch.word) * 256 + _bits[i];
            if (i != always && _random(index < size ? 2 : 24) != 0) continue;
            patch.mask |= 1 << _bits[i];
            indices[count++] = index;
            inside = inside && index < size;
        }
        _require(patch.mask != 0, ICredentialRegistry.EmptyPatch.selector);
        _require(inside, ICredentialRegistry.IndexOutOfRange.selector);
        return count;
    }

    /// @dev Mostly one that is anchored.
    function _someRoot() private returns (bytes32) {
        uint256 known = _inOrder[_issuer].length;
        bool blindly = known == 0 || _random(8) == 0;
        return blindly ? _someRoots[_random(4)] : _inOrder[_issuer][_random(known)];
    }

    /// @dev Up to three, and seldom none.
    function _few() private returns (uint256) {
        return _random(8) == 0 ? 0 : 1 + _random(3);
    }

    /// @dev Mostly that of the tree.
    function _someSize(uint256 tree) private returns (uint32) {
        uint32[8] memory others = [0, 1, 2, 255, 256, 257, 300, type(uint32).max];
        return tree == 3 || _random(3) == 0 ? others[_random(8)] : uint32(_leafCounts[tree]);
    }

    function _someExpiry() private returns (uint40) {
        uint256 choice = _random(4);
        if (choice == 0) return uint40(FOREVER);
        return uint40(choice == 1 ? _time + _random(2) : _time + _random(200));
    }

    function _anyone() private returns (address) {
        return _actors[_random(4)];
    }

    function _may(uint8 role) private view returns (bool) {
        return _sender == _controllers[_issuer] || _rolesOf(_issuer, _sender) & role != 0;
    }

    function _rolesOf(address issuer, address operator) internal view returns (uint8) {
        Grant memory grant = _grants[issuer][operator];
        return _time < grant.expires ? grant.roles : 0;
    }

    function _roleOf(ICredentialRegistry.Kind kind) private pure returns (uint8) {
        if (kind == ICredentialRegistry.Kind.Revoke) return REVOKE;
        return kind == ICredentialRegistry.Kind.Suspend ? SUSPEND : REINSTATE;
    }

    function _random(uint256 below) internal returns (uint256) {
        _seed = uint256(keccak256(abi.encode(_seed)));
        return _seed % below;
    }
}

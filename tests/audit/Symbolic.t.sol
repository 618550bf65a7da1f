// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CredentialRegistry} from "../../contracts/CredentialRegistry.sol";
import {ICredentialRegistry} from "../../contracts/ICredentialRegistry.sol";
import {Trees} from "../contracts/Trees.sol";

interface Vm {
    function assume(bool condition) external pure;
    function prank(address sender) external;
    function warp(uint256 timestamp) external;
    function roll(uint256 number) external;
    function load(address account, bytes32 slot) external view returns (bytes32);
    function store(address account, bytes32 slot, bytes32 value) external;
}

/// @dev What halmos proves, for all values of all parameters at once. The storage before a call is
/// whatever `vm.store` puts there, so that each property is the step of an induction: it holds
/// after any history, also one that could not happen.
contract SymbolicTest {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    uint256 private constant ANCHORED = ((1 << 72) - 1) | ((1 << 64) - 1) << 184;
    uint256 private constant CHANGED = ((1 << 72) - 1) << 72;
    uint256 private constant REVOKED_AT = ((1 << 40) - 1) << 144;

    address private constant ISSUER = address(0x1551);
    bytes32 private constant ROOT = bytes32(uint256(0xA001));

    CredentialRegistry private registry;

    function setUp() public {
        registry = new CredentialRegistry();
    }

    /// @dev A call that changes a status: by whom, when, and on what.
    struct Change {
        address sender;
        address issuer;
        bytes32 root;
        uint8 kind;
        uint24 word;
        uint256 mask;
        uint40 time;
        uint32 number;
    }

    /// @dev What lies in storage before it.
    struct Before {
        uint256 issuer;
        uint256 operator;
        uint256 head;
        uint256 revoked;
        uint256 suspended;
    }

    function check_TheHeadIsReadFromItsSlotAsItWasPacked(
        address issuer,
        bytes32 root,
        uint256 head
    ) public {
        vm.store(address(registry), _slot(issuer, root, 0), bytes32(head));
        (, ICredentialRegistry.Batch memory batch) = registry.status(issuer, root, 0);
        uint256 packed = uint256(batch.anchoredAt) | uint256(batch.anchoredBlock) << 40
            | uint256(batch.changedAt) << 72 | uint256(batch.changedBlock) << 112
            | uint256(batch.revokedAt) << 144 | uint256(batch.size) << 184
            | uint256(batch.seq) << 216 | uint256(batch.flags) << 248;
        assert(packed == head);
    }

    function check_AnchoringWritesExactlyThisHeadAndOnlyWhereThereIsNone(
        Change calldata change,
        Before calldata before,
        uint32 size
    ) public {
        _prepare(change, before);
        bool free = uint32(before.head >> 184) == 0;
        uint32 batches = uint32(before.issuer >> 160);
        bool want = _may(change, before, 1) && change.root != 0 && size != 0 && free
            && batches != type(uint32).max;
        vm.prank(change.sender);
        (bool done,) = address(registry).call(
            abi.encodeCall(registry.anchor, (change.issuer, change.root, size))
        );
        assert(done == want);
        uint256 head = uint256(change.time) | uint256(change.number) << 40 | uint256(size) << 184
            | uint256(batches + (want ? 1 : 0)) << 216;
        assert(_read(change.issuer, change.root, 0) == (want ? head : before.head));
        uint256 issuer = uint256(vm.load(address(registry), _issuerSlot(change.issuer)));
        assert(issuer == before.issuer + (want ? 1 << 160 : 0));
    }

    function check_AStatusChangesExactlyWhereItMayAndAsItShould(
        Change calldata change,
        Before calldata before
    ) public {
        vm.assume(change.kind < 3);
        _prepare(change, before);
        uint256 size = uint32(before.head >> 184);
        uint256 first = uint256(change.word) * 256;
        bool inside = first < size && (size - first >= 256 || change.mask < 1 << (size - first));
        bool want = _may(change, before, uint8(2) << change.kind) && size != 0 && inside
            && change.mask != 0;
        bool done = _setStatus(change);
        assert(done == want);
        uint256 head = want ? _changed(before.head, change) : before.head;
        assert(_read(change.issuer, change.root, 0) == head);
        uint256 mask = want ? change.mask : 0;
        uint256 revoked = change.kind == 0 ? before.revoked | mask : before.revoked;
        uint256 suspended = before.suspended;
        if (change.kind == 1) suspended |= mask;
        if (change.kind == 2) suspended &= ~mask;
        assert(_read(change.issuer, change.root, 1 + 2 * uint256(change.word)) == revoked);
        assert(_read(change.issuer, change.root, 2 + 2 * uint256(change.word)) == suspended);
    }

    function check_ABatchChangesExactlyWhereItMayAndAsItShould(
        Change calldata change,
        Before calldata before
    ) public {
        vm.assume(change.kind < 3);
        _prepare(change, before);
        bool want = _may(change, before, uint8(2) << change.kind)
            && uint32(before.head >> 184) != 0;
        bool done = _setBatchStatus(change);
        assert(done == want);
        uint256 head = before.head;
        if (want) {
            head = _changed(head, change);
            if (change.kind == 0 && head & REVOKED_AT == 0) head |= uint256(change.time) << 144;
            if (change.kind == 1) head |= 1 << 248;
            if (change.kind == 2) head &= ~uint256(1 << 248);
        }
        assert(_read(change.issuer, change.root, 0) == head);
        assert(_read(change.issuer, change.root, 1 + 2 * uint256(change.word)) == before.revoked);
        assert(
            _read(change.issuer, change.root, 2 + 2 * uint256(change.word)) == before.suspended
        );
    }

    function check_AnchoredFieldsAndRevocationsOutliveEveryChange(
        Change calldata change,
        Before calldata before,
        bool whole
    ) public {
        _prepare(change, before);
        vm.assume(uint32(before.head >> 184) != 0 && change.kind < 3);
        if (whole) _setBatchStatus(change);
        else _setStatus(change);
        uint256 head = _read(change.issuer, change.root, 0);
        assert((head ^ before.head) & ANCHORED == 0);
        if (before.head & REVOKED_AT != 0) assert((head ^ before.head) & REVOKED_AT == 0);
        uint256 revoked = _read(change.issuer, change.root, 1 + 2 * uint256(change.word));
        assert(before.revoked & ~revoked == 0);
    }

    function check_NoOtherBatchAndNoOtherWordIsTouched(
        Change calldata change,
        Before calldata before,
        address issuer,
        bytes32 root,
        uint24 word,
        uint256 lane,
        uint256 there,
        bool whole
    ) public {
        bool same = issuer == change.issuer && root == change.root;
        vm.assume(lane < 2 && change.kind < 3 && (!same || word != change.word));
        _prepare(change, before);
        uint256 offset = 1 + lane + 2 * uint256(word);
        vm.store(address(registry), _slot(issuer, root, offset), bytes32(there));
        if (!same) vm.store(address(registry), _slot(issuer, root, 0), bytes32(~there));
        if (whole) _setBatchStatus(change);
        else _setStatus(change);
        assert(_read(issuer, root, offset) == there);
        if (!same) assert(_read(issuer, root, 0) == ~there);
    }

    function check_AnOperatorIsSetByTheControllerOrResigns(
        Change calldata change,
        Before calldata before,
        address operator,
        uint8 roles,
        uint40 expires
    ) public {
        _prepare(change, before);
        bytes32 slot = _operatorSlot(change.issuer, operator);
        uint256 was = uint256(vm.load(address(registry), slot));
        bool resigns = operator == change.sender && roles == 0 && _roles(change, before) != 0;
        bool sound = roles == 0 ? expires == 0 : roles < 16 && expires > change.time;
        bool want = (_controls(change, before) || resigns) && sound;
        vm.prank(change.sender);
        (bool done,) = address(registry).call(
            abi.encodeCall(registry.setOperator, (change.issuer, operator, roles, expires))
        );
        assert(done == want);
        uint256 epoch = uint32(before.issuer >> 192);
        // What lies beside the three fields stays: there is nothing.
        uint256 will = uint256(roles) | uint256(expires) << 8 | epoch << 48 | was >> 80 << 80;
        assert(uint256(vm.load(address(registry), slot)) == (want ? will : was));
    }

    function check_RolesCountUntilTheirExpiryWithinTheirEpoch(
        Change calldata change,
        Before calldata before
    ) public {
        _prepare(change, before);
        (uint8 roles, uint40 expires) = registry.operatorOf(change.issuer, change.sender);
        assert(roles == _roles(change, before));
        assert(expires == (roles == 0 ? 0 : uint40(before.operator >> 8)));
    }

    function check_OnlyTheSuccessorReplacesTheSuccessor(
        Change calldata change,
        Before calldata before,
        address successor,
        bytes32 next,
        bool commits
    ) public {
        _prepare(change, before);
        bytes32 slot = bytes32(uint256(_issuerSlot(change.issuer)) + 1);
        bytes32 digest = successor == address(0) ? bytes32(0) : keccak256(abi.encode(successor));
        vm.store(address(registry), slot, digest);
        bytes memory call = commits
            ? abi.encodeCall(registry.commitSuccessor, (change.issuer, next))
            : abi.encodeCall(registry.succeed, (change.issuer, next));
        vm.prank(change.sender);
        (bool done,) = address(registry).call(call);
        bytes32 now_ = vm.load(address(registry), slot);
        if (!done) assert(now_ == digest);
        else if (commits) assert(digest == 0 && now_ == next && _controls(change, before));
        else assert(successor != address(0) && successor == change.sender && now_ == next);
        uint256 issuer = uint256(vm.load(address(registry), _issuerSlot(change.issuer)));
        bool succeeded = done && !commits;
        if (!succeeded) assert(issuer == before.issuer);
        else assert(address(uint160(issuer)) == change.sender);
        if (succeeded) assert(issuer >> 192 == (before.issuer >> 192) + 1);
    }

    function check_AStatusIsWhatTheBitsSay(Before calldata before, uint32 index) public {
        (address issuer, bytes32 root) = (ISSUER, ROOT);
        uint256 offset = 1 + 2 * uint256(index >> 8);
        vm.store(address(registry), _slot(issuer, root, 0), bytes32(before.head));
        vm.store(address(registry), _slot(issuer, root, offset), bytes32(before.revoked));
        vm.store(address(registry), _slot(issuer, root, offset + 1), bytes32(before.suspended));
        // As in every history: nothing is suspended of which the flags do not tell.
        bool ever = before.head >> 249 & 1 != 0;
        vm.assume(ever || (before.suspended == 0 && before.head >> 248 & 1 == 0));
        uint256 size = uint32(before.head >> 184);
        uint256 want = 4;
        if (before.suspended >> (index & 255) & 1 != 0 || before.head >> 248 & 1 != 0) want = 3;
        if (before.revoked >> (index & 255) & 1 != 0 || before.head & REVOKED_AT != 0) want = 2;
        if (index >= size) want = 1;
        if (size == 0) want = 0;
        (ICredentialRegistry.State state,) = registry.status(issuer, root, index);
        assert(uint256(state) == want);
    }

    /// @dev SHA-256 is any function here. Sizes, indices and lengths are tried one by one, for they
    /// decide where in memory a hash goes.
    function check_APathHoldsWhereTheDefinitionSaysSoInTreesOfUpTo16(
        uint32 size,
        uint32 index,
        bytes32 root,
        bytes32 leaf,
        bytes32[6] calldata siblings,
        uint256 length
    ) public {
        vm.assume(size != 0 && size < 17 && length < 7);
        vm.store(address(registry), _slot(ISSUER, root, 0), bytes32(uint256(size) << 184));
        for (uint256 l = 0; l < 7; ++l) {
            if (length != l) continue;
            for (uint32 n = 1; n < 17; ++n) {
                if (size == n) return _expectAsDefined(n, index, root, leaf, siblings, l);
            }
        }
    }

    function _expectAsDefined(
        uint32 size,
        uint32 index,
        bytes32 root,
        bytes32 leaf,
        bytes32[6] calldata siblings,
        uint256 length
    ) private view {
        bytes32[] memory path = new bytes32[](length);
        for (uint256 i = 0; i < length; ++i) {
            path[i] = siblings[i];
        }
        for (uint32 i = 0; i < size; ++i) {
            if (index != i) continue;
            assert(_includes(root, i, leaf, path) == Trees.holds(root, i, size, leaf, path));
            return;
        }
        assert(!_includes(root, index, leaf, path));
    }

    function _includes(bytes32 root, uint32 index, bytes32 leaf, bytes32[] memory path)
        private
        view
        returns (bool)
    {
        (ICredentialRegistry.State state,) = registry.verify(ISSUER, root, index, leaf, path);
        return state != ICredentialRegistry.State.Unanchored;
    }

    function _prepare(Change calldata change, Before calldata before) private {
        vm.assume(change.sender != address(0) && change.time != 0);
        vm.warp(change.time);
        vm.roll(change.number);
        (address issuer, bytes32 root) = (change.issuer, change.root);
        uint256 word = 2 * uint256(change.word);
        _store(_issuerSlot(issuer), before.issuer);
        _store(_operatorSlot(issuer, change.sender), before.operator);
        _store(_slot(issuer, root, 0), before.head);
        _store(_slot(issuer, root, 1 + word), before.revoked);
        _store(_slot(issuer, root, 2 + word), before.suspended);
    }

    function _setStatus(Change calldata change) private returns (bool done) {
        ICredentialRegistry.Patch[] memory patches = new ICredentialRegistry.Patch[](1);
        patches[0] = ICredentialRegistry.Patch(change.word, change.mask);
        bytes memory call = abi.encodeCall(
            registry.setStatus,
            (change.issuer, change.root, ICredentialRegistry.Kind(change.kind), patches)
        );
        vm.prank(change.sender);
        (done,) = address(registry).call(call);
    }

    function _setBatchStatus(Change calldata change) private returns (bool done) {
        bytes32[] memory roots = new bytes32[](1);
        roots[0] = change.root;
        bytes memory call = abi.encodeCall(
            registry.setBatchStatus,
            (change.issuer, ICredentialRegistry.Kind(change.kind), roots)
        );
        vm.prank(change.sender);
        (done,) = address(registry).call(call);
    }

    /// @dev What every change of a status does to a head.
    function _changed(uint256 head, Change calldata change) private pure returns (uint256) {
        head = head & ~CHANGED | uint256(change.time) << 72 | uint256(change.number) << 112;
        return change.kind == 1 ? head | 1 << 249 : head;
    }

    function _may(Change calldata change, Before calldata before, uint8 role)
        private
        pure
        returns (bool)
    {
        return _controls(change, before) || _roles(change, before) & role != 0;
    }

    function _controls(Change calldata change, Before calldata before)
        private
        pure
        returns (bool)
    {
        address controller = address(uint160(before.issuer));
        return change.sender == (controller == address(0) ? change.issuer : controller);
    }

    function _roles(Change calldata change, Before calldata before) private pure returns (uint8) {
        bool counts = change.time < uint40(before.operator >> 8)
            && uint32(before.operator >> 48) == uint32(before.issuer >> 192);
        return counts ? uint8(before.operator) : 0;
    }

    function _store(bytes32 slot, uint256 value) private {
        vm.store(address(registry), slot, bytes32(value));
    }

    function _read(address issuer, bytes32 root, uint256 offset) private view returns (uint256) {
        return uint256(vm.load(address(registry), _slot(issuer, root, offset)));
    }

    function _slot(address issuer, bytes32 root, uint256 offset) private pure returns (bytes32) {
        bytes32 base = keccak256(abi.encode(root, keccak256(abi.encode(issuer, uint256(2)))));
        return bytes32(uint256(base) + offset);
    }

    function _issuerSlot(address issuer) private pure returns (bytes32) {
        return keccak256(abi.encode(issuer, uint256(0)));
    }

    function _operatorSlot(address issuer, address operator) private pure returns (bytes32) {
        return keccak256(abi.encode(operator, keccak256(abi.encode(issuer, uint256(1)))));
    }
}

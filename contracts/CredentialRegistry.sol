// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICredentialRegistry} from "./ICredentialRegistry.sol";

/// @title CredentialRegistry
/// @notice See {ICredentialRegistry} for all that is promised. The storage layout is promised too:
/// verifiers read single slots by state proof.
contract CredentialRegistry is ICredentialRegistry {
    struct Operator {
        uint8 roles;
        uint40 expires;
        uint32 epoch;
    }

    struct Record {
        Batch head;
        // A fixed array has no length slot and no hashing: the slot of a bit is one addition.
        uint256[2][1 << 24] words;
    }

    uint8 private constant ANCHOR = 1;
    uint8 private constant REVOKE = 2;
    uint8 private constant ALL_ROLES = 15;

    uint256 private constant REVOKED_LANE = 0;
    uint256 private constant SUSPENDED_LANE = 1;

    uint8 private constant SUSPENDED_NOW = 1;
    uint8 private constant EVER_SUSPENDED = 2;

    mapping(address issuer => Issuer) private _issuers;
    mapping(address issuer => mapping(address operator => Operator)) private _operators;
    mapping(address issuer => mapping(bytes32 root => Record)) private _records;

    /// @inheritdoc ICredentialRegistry
    function anchor(address issuer, bytes32 root, uint32 size) external returns (uint32 seq) {
        _requireRole(issuer, ANCHOR);
        if (root == 0 || size == 0) revert InvalidBatch();
        Batch storage head = _records[issuer][root].head;
        if (head.size != 0) revert AlreadyAnchored();
        seq = ++_issuers[issuer].batches;
        _store(head, Batch(_now(), _block(), 0, 0, 0, size, seq, 0));
        emit Anchored(issuer, root, size, seq, msg.sender);
    }

    /// @inheritdoc ICredentialRegistry
    function setStatus(address issuer, bytes32 root, Kind kind, Patch[] calldata patches) external {
        _requireRole(issuer, _roleFor(kind));
        if (patches.length == 0) revert EmptyPatch();
        Record storage record = _records[issuer][root];
        (Batch memory head, uint32 previousChange) = _change(record.head, kind);
        _store(record.head, head);
        for (uint256 i = 0; i < patches.length; ++i) {
            _apply(record, head.size, kind, patches[i]);
        }
        emit StatusChanged(issuer, root, kind, msg.sender, previousChange, patches);
    }

    /// @inheritdoc ICredentialRegistry
    function setBatchStatus(address issuer, Kind kind, bytes32[] calldata roots) external {
        _requireRole(issuer, _roleFor(kind));
        if (roots.length == 0) revert EmptyPatch();
        for (uint256 i = 0; i < roots.length; ++i) {
            _changeBatch(issuer, kind, roots[i]);
        }
    }

    /// @inheritdoc ICredentialRegistry
    function setOperator(address issuer, address operator, uint8 roles, uint40 expires) external {
        if (!_isController(issuer) && !_isResignation(issuer, operator, roles)) {
            revert NotAuthorized();
        }
        if (!_areValid(roles, expires)) revert InvalidRoles();
        _operators[issuer][operator] = Operator(roles, expires, _issuers[issuer].epoch);
        emit OperatorSet(issuer, operator, roles, expires);
    }

    /// @inheritdoc ICredentialRegistry
    function commitSuccessor(address issuer, bytes32 digest) external {
        _requireController(issuer);
        if (_issuers[issuer].successor != 0) revert SuccessorAlreadySet();
        _commit(issuer, digest);
    }

    /// @inheritdoc ICredentialRegistry
    function succeed(address issuer, bytes32 nextDigest) external {
        Issuer storage record = _issuers[issuer];
        if (record.successor != keccak256(abi.encode(msg.sender))) revert NotSuccessor();
        record.controller = msg.sender;
        // A new epoch ends all operators at once, however many there are.
        uint32 epoch = ++record.epoch;
        emit ControllerChanged(issuer, msg.sender, epoch);
        _commit(issuer, nextDigest);
    }

    /// @inheritdoc ICredentialRegistry
    function setProfile(address issuer, string calldata uri) external {
        _requireController(issuer);
        _issuers[issuer].profileBlock = _block();
        emit ProfileSet(issuer, uri);
    }

    /// @inheritdoc ICredentialRegistry
    function status(address issuer, bytes32 root, uint32 index)
        external
        view
        returns (State, Batch memory)
    {
        return _status(issuer, root, index);
    }

    /// @inheritdoc ICredentialRegistry
    function statusMany(Query[] calldata queries) external view returns (Answer[] memory answers) {
        answers = new Answer[](queries.length);
        for (uint256 i = 0; i < queries.length; ++i) {
            Query calldata query = queries[i];
            (answers[i].state, answers[i].batch) = _status(query.issuer, query.root, query.index);
        }
    }

    /// @inheritdoc ICredentialRegistry
    function statusWords(address issuer, bytes32 root, uint256 from, uint256 count)
        external
        view
        returns (Batch memory batch, uint256[2][] memory words)
    {
        Record storage record = _records[issuer][root];
        batch = record.head;
        words = new uint256[2][](_wordsLeft(batch.size, from, count));
        for (uint256 i = 0; i < words.length; ++i) {
            words[i] = record.words[from + i];
        }
    }

    /// @inheritdoc ICredentialRegistry
    function verify(
        address issuer,
        bytes32 root,
        uint32 index,
        bytes32 leafHash,
        bytes32[] calldata path
    ) external view returns (State state, Batch memory batch) {
        (state, batch) = _status(issuer, root, index);
        if (!_includes(root, batch.size, index, leafHash, path)) state = State.Unanchored;
    }

    /// @inheritdoc ICredentialRegistry
    function issuerOf(address issuer) external view returns (Issuer memory record) {
        record = _issuers[issuer];
        record.controller = _controller(issuer);
    }

    /// @inheritdoc ICredentialRegistry
    function operatorOf(address issuer, address operator)
        external
        view
        returns (uint8 roles, uint40 expires)
    {
        roles = _roles(issuer, operator);
        if (roles != 0) expires = _operators[issuer][operator].expires;
    }

    function _changeBatch(address issuer, Kind kind, bytes32 root) private {
        Batch storage stored = _records[issuer][root].head;
        (Batch memory head, uint32 previousChange) = _change(stored, kind);
        if (kind == Kind.Revoke && head.revokedAt == 0) head.revokedAt = _now();
        if (kind == Kind.Suspend) head.flags |= SUSPENDED_NOW;
        if (kind == Kind.Reinstate) head.flags &= ~SUSPENDED_NOW;
        _store(stored, head);
        emit BatchStatusChanged(issuer, root, kind, msg.sender, previousChange);
    }

    /// @dev What a batch and a credential in it have in common when their status changes.
    function _change(Batch storage stored, Kind kind)
        private
        view
        returns (Batch memory head, uint32 previousChange)
    {
        head = stored;
        if (head.size == 0) revert NotAnchored();
        previousChange = head.changedBlock;
        head.changedAt = _now();
        head.changedBlock = _block();
        if (kind == Kind.Suspend) head.flags |= EVER_SUSPENDED;
    }

    function _apply(Record storage record, uint256 size, Kind kind, Patch calldata patch) private {
        (uint256 word, uint256 mask) = (patch.word, patch.mask);
        if (mask == 0) revert EmptyPatch();
        // `word` is widened before it is shifted: as a uint24 it would wrap at 65,536.
        uint256 first = word << 8;
        if (first >= size || mask >> (size - first) != 0) revert IndexOutOfRange();
        uint256[2] storage lanes = record.words[word];
        if (kind == Kind.Revoke) lanes[REVOKED_LANE] |= mask;
        else if (kind == Kind.Suspend) lanes[SUSPENDED_LANE] |= mask;
        else lanes[SUSPENDED_LANE] &= ~mask;
    }

    function _commit(address issuer, bytes32 digest) private {
        if (digest == 0) revert ZeroCommitment();
        _issuers[issuer].successor = digest;
        emit SuccessorCommitted(issuer, digest);
    }

    /// @dev Member by member, the compiler would read and write the one slot eight times.
    function _store(Batch storage slot, Batch memory head) private {
        uint256 packed = uint256(head.anchoredAt) | uint256(head.anchoredBlock) << 40
            | uint256(head.changedAt) << 72 | uint256(head.changedBlock) << 112
            | uint256(head.revokedAt) << 144 | uint256(head.size) << 184
            | uint256(head.seq) << 216 | uint256(head.flags) << 248;
        assembly ("memory-safe") {
            sstore(slot.slot, packed)
        }
    }

    function _requireController(address issuer) private view {
        if (!_isController(issuer)) revert NotAuthorized();
    }

    function _requireRole(address issuer, uint8 role) private view {
        if (!_isController(issuer) && _roles(issuer, msg.sender) & role == 0) {
            revert NotAuthorized();
        }
    }

    function _isController(address issuer) private view returns (bool) {
        return msg.sender == _controller(issuer);
    }

    /// @dev One without roles has nothing to resign, or anyone could write to an issuer's log.
    function _isResignation(address issuer, address operator, uint8 roles)
        private
        view
        returns (bool)
    {
        return roles == 0 && operator == msg.sender && _roles(issuer, operator) != 0;
    }

    function _areValid(uint8 roles, uint40 expires) private view returns (bool) {
        return roles == 0 ? expires == 0 : roles <= ALL_ROLES && expires > block.timestamp;
    }

    function _controller(address issuer) private view returns (address) {
        address controller = _issuers[issuer].controller;
        return controller == address(0) ? issuer : controller;
    }

    function _roles(address issuer, address operator) private view returns (uint8) {
        Operator memory record = _operators[issuer][operator];
        bool counts =
            block.timestamp < record.expires && record.epoch == _issuers[issuer].epoch;
        return counts ? record.roles : 0;
    }

    function _status(address issuer, bytes32 root, uint32 index)
        private
        view
        returns (State, Batch memory head)
    {
        Record storage record = _records[issuer][root];
        head = record.head;
        if (head.size == 0) return (State.Unanchored, head);
        if (index >= head.size) return (State.OutOfRange, head);
        if (head.revokedAt != 0 || _has(record, REVOKED_LANE, index)) return (State.Revoked, head);
        if (_isSuspended(record, head.flags, index)) return (State.Suspended, head);
        return (State.Valid, head);
    }

    function _isSuspended(Record storage record, uint8 flags, uint32 index)
        private
        view
        returns (bool)
    {
        // The flag saves most readers a slot.
        if (flags & EVER_SUSPENDED == 0) return false;
        return flags & SUSPENDED_NOW != 0 || _has(record, SUSPENDED_LANE, index);
    }

    function _has(Record storage record, uint256 lane, uint32 index) private view returns (bool) {
        return record.words[index >> 8][lane] >> (index & 255) & 1 != 0;
    }

    function _now() private view returns (uint40) {
        return uint40(block.timestamp);
    }

    function _block() private view returns (uint32) {
        return uint32(block.number);
    }

    /// @dev Role bits are in the order of the kinds.
    function _roleFor(Kind kind) private pure returns (uint8) {
        return REVOKE << uint8(kind);
    }

    function _wordsLeft(uint256 size, uint256 from, uint256 count) private pure returns (uint256) {
        uint256 total = (size + 255) >> 8;
        if (from >= total) return 0;
        return count < total - from ? count : total - from;
    }

    /// @dev RFC 9162, 2.1.3.2, with `index` and `last` the positions of the leaf's ancestor and of
    /// the last node in each level. A last node in an even position has no sibling: it moves up as
    /// it is. All others have one, so that the length of the path follows from the two.
    function _includes(
        bytes32 root,
        uint256 size,
        uint256 index,
        bytes32 leafHash,
        bytes32[] calldata path
    ) private view returns (bool) {
        if (index >= size) return false;
        uint256 used = 0;
        bytes32 node = leafHash;
        for (uint256 last = size - 1; last != 0; (index, last) = (index >> 1, last >> 1)) {
            if (index == last && index & 1 == 0) continue;
            if (used == path.length) return false;
            node = _parent(node, path[used++], index & 1);
        }
        return used == path.length && node == root;
    }

    /// @dev SHA-256(0x01 || left || right), with the sibling on the left if `side` is 1, on the
    /// right if it is 0. By hand for what Solidity's `sha256` leaves out: on a chain without the
    /// precompile the call succeeds and returns nothing.
    function _parent(bytes32 node, bytes32 sibling, uint256 side) private view returns (bytes32) {
        bool hashed;
        assembly ("memory-safe") {
            let input := mload(0x40)
            mstore8(input, 1)
            mstore(add(add(input, 1), shl(5, side)), node)
            mstore(sub(add(input, 33), shl(5, side)), sibling)
            hashed := staticcall(gas(), 2, input, 65, 0, 32)
            hashed := and(hashed, eq(returndatasize(), 32))
            node := mload(0)
        }
        if (!hashed) revert Sha256Unavailable();
        return node;
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The registry of credential batches: roots, status and keys
/// @notice An issuer is an address. It anchors the root of an RFC 9162 Merkle tree over a batch of
/// credentials and changes their status later; anyone reads. There is no owner and no registration,
/// nobody can upgrade or pause it, and nothing that one issuer does touches another's records.
///
/// Who may act for an issuer:
/// - its controller may do everything. An issuer is its own controller until a successor takes
///   over; from then on the issuer's own key has no power;
/// - an operator may do what its role bits say, until its expiry, its removal or a succession;
/// - the committed successor may take over, at any time and without anyone's leave.
///
/// Times are those of the chain, in seconds since 1970; blocks are `block.number`, which is another
/// chain's number on some rollups: there the block fields do not lead to logs.
///
/// A zero in anything that is read means "never" or "nothing", and never "valid".
///
/// A call that is authorised and well formed succeeds even if it changes nothing (to revoke what is
/// revoked, to reinstate what was never suspended): it is recorded as a change like any other, so
/// that a client may repeat a call of whose fate it is not sure.
interface ICredentialRegistry {
    /// @notice What is done to a status. Needs the role REVOKE, SUSPEND or REINSTATE respectively.
    /// Revocation is for ever; suspension lasts until it is reinstated.
    enum Kind {
        Revoke,
        Suspend,
        Reinstate
    }

    /// @notice The status of a credential, the first that applies.
    /// Unanchored: this issuer has no such batch, or the credential is not shown to be in it.
    /// OutOfRange: the batch has no such index.
    /// Revoked: it, or the whole batch, was revoked.
    /// Suspended: it, or the whole batch, is suspended now. The two are apart: to reinstate a batch
    /// does not reinstate what was suspended in it one by one, nor the other way round.
    /// Valid: anchored, and none of the above.
    enum State {
        Unanchored,
        OutOfRange,
        Revoked,
        Suspended,
        Valid
    }

    /// @notice What is known of a batch; exactly one storage slot, the first field in the low bits.
    /// @param anchoredAt When it was anchored; 0 if it never was. Never changes.
    /// @param anchoredBlock The block whose log holds `Anchored`. Never changes.
    /// @param changedAt When the status of the batch or of anything in it last changed; 0 if never.
    /// @param changedBlock The block whose logs hold that change; 0 if there was none.
    /// @param revokedAt When the batch as a whole was first revoked; 0 if it is not. Set once.
    /// @param size How many leaves the tree has; 0 only if it was never anchored. Never changes.
    /// @param seq Its number among the issuer's batches, from 1 without gaps. Never changes.
    /// @param flags Bit 0 (1): the batch as a whole is suspended now. Bit 1 (2): the batch or
    /// anything in it was suspended at some time. Other bits are 0.
    struct Batch {
        uint40 anchoredAt;
        uint32 anchoredBlock;
        uint40 changedAt;
        uint32 changedBlock;
        uint40 revokedAt;
        uint32 size;
        uint32 seq;
        uint8 flags;
    }

    /// @notice The indices 256 * `word` + b for each bit b that is set in `mask` (bit 0 is the
    /// lowest). A word may come more than once in a list.
    struct Patch {
        uint24 word;
        uint256 mask;
    }

    /// @notice One credential to be asked about: leaf `index` of the batch `root` of `issuer`.
    struct Query {
        address issuer;
        bytes32 root;
        uint32 index;
    }

    /// @notice What `status` returns, for one of many.
    struct Answer {
        State state;
        Batch batch;
    }

    /// @notice What is known of an issuer.
    /// @param controller Who acts for it. In storage 0 means the issuer itself; when read by
    /// `issuerOf` it is never 0, but for the issuer 0, for which nobody can act.
    /// @param batches How many batches it anchored, which is the `seq` of the last one; 0 if none.
    /// @param epoch How many successions there were; operators of an earlier epoch have no roles.
    /// @param profileBlock The block whose logs hold its last `ProfileSet`; 0 if there is none.
    /// @param successor The digest that the controller or the last successor committed; 0 if none.
    struct Issuer {
        address controller;
        uint32 batches;
        uint32 epoch;
        uint32 profileBlock;
        bytes32 successor;
    }

    /// @notice A batch was anchored.
    /// @param operator Who sent the call: the controller or an operator.
    event Anchored(
        address indexed issuer, bytes32 indexed root, uint32 size, uint32 seq, address operator
    );

    /// @notice The status of the credentials in `patches` was changed.
    /// @param operator Who sent the call: the controller or an operator.
    /// @param previousChange The `changedBlock` of the batch before this change; 0 for the first.
    /// From `changedBlock`, back along the first change of each block, one finds all of them. It is
    /// this block itself for every change but the first that a block holds, so a reader takes all
    /// logs of a block.
    event StatusChanged(
        address indexed issuer,
        bytes32 indexed root,
        Kind kind,
        address operator,
        uint32 previousChange,
        Patch[] patches
    );

    /// @notice The status of the batch as a whole was changed. The fields are those of
    /// `StatusChanged`, and both events are links of the same chain.
    event BatchStatusChanged(
        address indexed issuer,
        bytes32 indexed root,
        Kind kind,
        address operator,
        uint32 previousChange
    );

    /// @notice The roles of an operator were replaced; 0 roles: it was removed, or resigned.
    event OperatorSet(
        address indexed issuer, address indexed operator, uint8 roles, uint40 expires
    );

    /// @notice A successor was committed: the address whose `keccak256(abi.encode(address))` is
    /// `digest`.
    event SuccessorCommitted(address indexed issuer, bytes32 digest);

    /// @notice The successor took over; all operators of earlier epochs lost their roles.
    event ControllerChanged(address indexed issuer, address indexed controller, uint32 epoch);

    /// @notice The issuer says where it describes itself. A claim, checked by nobody.
    event ProfileSet(address indexed issuer, string uri);

    /// @notice The caller is neither the controller nor an operator with the role that is needed.
    error NotAuthorized();
    /// @notice This issuer has anchored this root already, with this or another size.
    error AlreadyAnchored();
    /// @notice This issuer has not anchored this root.
    error NotAnchored();
    /// @notice The root or the size is 0.
    error InvalidBatch();
    /// @notice The list of patches or of roots is empty, or the mask of a patch is 0.
    error EmptyPatch();
    /// @notice A patch has a bit at or beyond the size of the batch.
    error IndexOutOfRange();
    /// @notice A successor is committed already; only it can replace itself.
    error SuccessorAlreadySet();
    /// @notice The caller is not the committed successor, or none is committed.
    error NotSuccessor();
    /// @notice Unknown role bits, roles whose expiry is not in the future, or an expiry without
    /// roles.
    error InvalidRoles();
    /// @notice A digest of 0 would commit nobody.
    error ZeroCommitment();
    /// @notice The SHA-256 precompile did not return a hash on this chain, or not within the gas.
    error Sha256Unavailable();

    /// @notice Anchors a batch for `issuer`, once and for ever. For the controller and operators
    /// with the role ANCHOR (1).
    /// @param root The RFC 9162 (SHA-256) tree head; not 0.
    /// @param size The number of leaves; not 0. On chain because a path fixes the index of a leaf
    /// only for a given size. That `root` has this many leaves is the issuer's word.
    /// @return seq The batch's number among those of the issuer; the first is 1.
    function anchor(address issuer, bytes32 root, uint32 size) external returns (uint32 seq);

    /// @notice Changes the status of single credentials of a batch, also of one that is revoked or
    /// suspended as a whole. All of the patches or, on any error, none. For the controller and
    /// operators with the role that `kind` needs: REVOKE (2), SUSPEND (4) or REINSTATE (8).
    function setStatus(address issuer, bytes32 root, Kind kind, Patch[] calldata patches) external;

    /// @notice Changes the status of whole batches: all or, on any error, none. Emits one event for
    /// each root. The first revocation of a batch fixes its `revokedAt`. Roles as for `setStatus`.
    function setBatchStatus(address issuer, Kind kind, bytes32[] calldata roots) external;

    /// @notice Replaces the roles of an operator. For the controller; an operator that has roles
    /// may set its own to (0, 0), which is to resign.
    /// @param roles The sum of ANCHOR 1, REVOKE 2, SUSPEND 4 and REINSTATE 8; 0 removes it.
    /// @param expires The first second at which the roles no longer count: with roles it must be in
    /// the future, and `type(uint40).max` is for ever; without roles it must be 0.
    function setOperator(address issuer, address operator, uint8 roles, uint40 expires) external;

    /// @notice Commits the successor, once. For the controller, which cannot take it back.
    /// @param digest `keccak256(abi.encode(successor))`, so that nobody learns who it is until it
    /// acts; not 0. An address that anyone could guess is not hidden by it.
    function commitSuccessor(address issuer, bytes32 digest) external;

    /// @notice Makes the caller the controller and ends the roles of all operators. For the
    /// committed successor, which may be the controller itself.
    /// @param nextDigest The commitment to the next successor, as in `commitSuccessor`; not 0.
    function succeed(address issuer, bytes32 nextDigest) external;

    /// @notice Announces where the issuer describes itself; an empty `uri` withdraws it. For the
    /// controller.
    function setProfile(address issuer, string calldata uri) external;

    /// @notice The status of one credential now. That the credential is leaf `index` is not checked
    /// here: see `verify`.
    /// @return state The status; Unanchored if the batch does not exist.
    /// @return batch What is known of the batch; all 0 if it does not exist.
    function status(address issuer, bytes32 root, uint32 index)
        external
        view
        returns (State state, Batch memory batch);

    /// @notice `status` for many credentials, of any issuers, in the order of `queries`.
    function statusMany(Query[] calldata queries) external view returns (Answer[] memory answers);

    /// @notice The status bits of a batch; word w has those of the indices 256w to 256w + 255.
    /// Whether the batch as a whole is revoked or suspended is in `batch`, not in the bits.
    /// @param from The first word.
    /// @param count How many words at most.
    /// @return batch What is known of the batch; all 0 if it does not exist.
    /// @return words For each word the revoked lane and the suspended lane. It ends where the batch
    /// ends, so it may be shorter than `count`, and is empty if the batch does not exist.
    function statusWords(address issuer, bytes32 root, uint256 from, uint256 count)
        external
        view
        returns (Batch memory batch, uint256[2][] memory words);

    /// @notice The status of a credential that is shown to be in the batch (RFC 9162, 2.1.3.2).
    /// @param leafHash SHA-256(0x00 || leaf). The caller hashes the leaf itself, for an inner
    /// node passed off as a leaf hash is not told apart here.
    /// @param path The siblings from the leaf up; exactly as many as `index` and the size call for.
    /// @return state The status; Unanchored if the batch does not exist or the leaf is not at
    /// `index` in it. Never OutOfRange.
    /// @return batch What is known of the batch, also where the leaf is not in it.
    function verify(
        address issuer,
        bytes32 root,
        uint32 index,
        bytes32 leafHash,
        bytes32[] calldata path
    ) external view returns (State state, Batch memory batch);

    /// @notice What is known of an issuer; of an address that did nothing yet: itself as the
    /// controller, all else 0.
    function issuerOf(address issuer) external view returns (Issuer memory);

    /// @notice The roles that count at the time of the call and when they end; both 0 if it has
    /// none (never set, removed, expired, or of an earlier epoch). The controller needs no roles
    /// and has none here.
    function operatorOf(address issuer, address operator)
        external
        view
        returns (uint8 roles, uint40 expires);
}

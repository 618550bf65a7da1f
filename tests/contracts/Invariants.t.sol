// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICredentialRegistry} from "../../contracts/ICredentialRegistry.sol";
import {Histories} from "./Histories.sol";
import {Trees} from "./Trees.sol";

/// @dev What the contract promises to keep, whatever anyone calls in whatever order: the runner
/// checks each after every step of its histories. Nothing here is cut to what the last call named.
contract InvariantsTest is Histories {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(this);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0].addr = address(this);
        targets[0].selectors = new bytes4[](6);
        targets[0].selectors[0] = this.passTime.selector;
        targets[0].selectors[1] = this.anchor.selector;
        targets[0].selectors[2] = this.setStatus.selector;
        targets[0].selectors[3] = this.setBatchStatus.selector;
        targets[0].selectors[4] = this.setOperator.selector;
        targets[0].selectors[5] = this.changeKeys.selector;
    }

    function invariant_01_AnchoredFieldsNeverChange() public view {
        for (uint256 i = 0; i < 12; ++i) {
            (address issuer, bytes32 root) = _batch(i);
            ICredentialRegistry.Batch memory first = _seen[issuer][root].first;
            if (first.size == 0) continue;
            ICredentialRegistry.Batch memory batch = _read(issuer, root);
            vm.assertEq(batch.anchoredAt, first.anchoredAt, "anchoredAt");
            vm.assertEq(batch.anchoredBlock, first.anchoredBlock, "anchoredBlock");
            vm.assertEq(batch.size, first.size, "size");
            vm.assertEq(batch.seq, first.seq, "seq");
        }
    }

    function invariant_02_RevocationOnlyEverGetsSet() public view {
        for (uint256 i = 0; i < 12; ++i) {
            (address issuer, bytes32 root) = _batch(i);
            (ICredentialRegistry.Batch memory batch, uint256[2][] memory words) =
                registry.statusWords(issuer, root, 0, WORDS);
            vm.assertEq(batch.revokedAt, _seen[issuer][root].revokedAt, "revokedAt");
            for (uint256 j = 0; j < words.length; ++j) {
                vm.assertEq(_seen[issuer][root].revoked[j] & ~words[j][0], 0, "revoked bits");
            }
        }
    }

    function invariant_03_ACallSucceedsExactlyWhereItIsAuthorisedAndValid() public view {
        vm.assertEq(_surprises, 0, "a call with another outcome than the rules have for it");
    }

    function invariant_04_TheSequenceHasNoGapsAndEndsAtTheCount() public view {
        for (uint256 i = 0; i < 3; ++i) {
            bytes32[] memory roots = _inOrder[_actors[i]];
            vm.assertEq(registry.issuerOf(_actors[i]).batches, roots.length, "count");
            for (uint256 j = 0; j < roots.length; ++j) {
                vm.assertEq(_read(_actors[i], roots[j]).seq, j + 1, "seq");
            }
        }
    }

    function invariant_05_NothingCrossesIssuers() public view {
        vm.assertEq(_crossings, 0, "a call changed what is another issuer's");
    }

    function invariant_06_NoBitIsSetAtOrBeyondTheSize() public view {
        for (uint256 i = 0; i < 12; ++i) {
            (address issuer, bytes32 root) = _batch(i);
            uint256 size = _read(issuer, root).size;
            for (uint256 lane = 0; lane < 2; ++lane) {
                for (uint256 word = 0; word <= WORDS; ++word) {
                    uint256 bits = _word(issuer, root, word, lane);
                    uint256 inside = size < word * 256 ? 0 : size - word * 256;
                    if (inside < 256) vm.assertEq(bits >> inside, 0, "bits beyond the size");
                }
                if (size > 65_536 * 256) continue;
                vm.assertEq(_word(issuer, root, 65_536, lane), 0, "word 65,536");
                vm.assertEq(_word(issuer, root, type(uint24).max, lane), 0, "the last word");
            }
        }
    }

    /// @dev As a reader does it: from `changedBlock` back along the first change of each block.
    function invariant_07_TheChainOfChangesIsComplete() public view {
        for (uint256 i = 0; i < 12; ++i) {
            (address issuer, bytes32 root) = _batch(i);
            Link[] storage links = _links[issuer][root];
            uint256 number = _read(issuer, root).changedBlock;
            uint256 left = links.length;
            while (number != 0) {
                vm.assertTrue(left != 0 && links[left - 1].number == number, "a change is hidden");
                while (left != 0 && links[left - 1].number == number) --left;
                number = links[left].previous;
            }
            vm.assertEq(left, 0, "changes that are not on the chain");
        }
    }

    function invariant_08_OperatorsDieOnExpiryRemovalAndSuccession() public {
        _at(_time, _number);
        for (uint256 i = 0; i < 16; ++i) {
            (address issuer, address operator) = (_actors[i / 4], _actors[i % 4]);
            (uint8 roles, uint40 expires) = registry.operatorOf(issuer, operator);
            vm.assertEq(roles, _rolesOf(issuer, operator), "roles");
            uint256 want = roles == 0 ? 0 : _grants[issuer][operator].expires;
            vm.assertEq(expires, want, "expires");
        }
    }

    function invariant_09_OnlyTheSuccessorReplacesTheSuccessor() public view {
        vm.assertEq(_usurpations, 0, "another than the successor replaced it");
        for (uint256 i = 0; i < 4; ++i) {
            ICredentialRegistry.Issuer memory issuer = registry.issuerOf(_actors[i]);
            address successor = _successors[_actors[i]];
            bytes32 want = successor == address(0) ? bytes32(0) : _digest(successor);
            vm.assertEq(issuer.successor, want, "successor");
            vm.assertEq(issuer.controller, _controllers[_actors[i]], "controller");
        }
    }

    function invariant_10_EverythingLiesWhereTheSlotFormulaSays() public view {
        for (uint256 i = 0; i < 12; ++i) {
            (address issuer, bytes32 root) = _batch(i);
            Told storage told = _told[issuer][root];
            uint256 head = told.anchoredAt | told.anchoredBlock << 40 | told.changedAt << 72
                | told.changedBlock << 112 | told.revokedAt << 144 | told.size << 184
                | told.seq << 216 | (told.suspended ? 1 << 248 : 0)
                | (told.everSuspended ? 1 << 249 : 0);
            vm.assertEq(_slot(issuer, root, 0), head, "head");
            for (uint256 bit = 0; bit < WORDS * 256; ++bit) {
                if (bit % 44 > 1 && bit % 256 < 254) continue;
                uint256 revoked = _word(issuer, root, bit / 256, 0) >> (bit % 256);
                uint256 suspended = _word(issuer, root, bit / 256, 1) >> (bit % 256);
                vm.assertEq(revoked & 1 != 0, told.revokedOnes[bit], "revoked bit");
                vm.assertEq(suspended & 1 != 0, told.suspendedOnes[bit], "suspended bit");
            }
        }
    }

    function invariant_11_APathHoldsExactlyWhereRfc9162SaysSo() public {
        uint256 tree = _random(3);
        (bytes32 root, uint256 size) = (_someRoots[tree], _told[_issuer][_someRoots[tree]].size);
        uint256 index = _random(_leafCounts[tree]);
        bytes32 leaf = _leaves[tree][index];
        bytes32[] memory path = Trees.path(_leaves[tree], index, 0, _leafCounts[tree]);
        // The issuer may have given another size than the tree's: then another path would hold.
        bool holds = Trees.holds(root, index, size, leaf, path);
        if (size == _leafCounts[tree]) vm.assertTrue(holds, "every leaf of the tree");
        _expectIncluded(root, index, leaf, path, holds);
        _expectIncluded(root, index, leaf ^ bytes32(uint256(1)), path, false);
        _expectIncluded(root, index, leaf, Trees.resized(path, path.length + 1), false);
        for (uint256 i = 0; i < 8; ++i) {
            uint256 other = i < 2 ? index ^ i + 1 : _random(_leafCounts[tree] + 2);
            holds = Trees.holds(root, other, size, leaf, path);
            if (size == _leafCounts[tree]) vm.assertEq(holds, other == index, "another index");
            _expectIncluded(root, other, leaf, path, holds);
        }
    }

    function invariant_EveryStatusIsAsTold() public view {
        for (uint256 i = 0; i < 12; ++i) {
            (address issuer, bytes32 root) = _batch(i);
            for (uint256 index = 0; index < 301; index += index % 44 < 2 ? 1 : 21) {
                (ICredentialRegistry.State state,) = registry.status(issuer, root, uint32(index));
                vm.assertEq(uint8(state), uint8(_stateOf(_told[issuer][root], index)), "state");
            }
        }
        for (uint256 i = 0; i < 4; ++i) {
            uint256 number = registry.issuerOf(_actors[i]).profileBlock;
            vm.assertEq(number, _profileBlocks[_actors[i]], "profileBlock");
        }
    }

    function _expectIncluded(
        bytes32 root,
        uint256 index,
        bytes32 leaf,
        bytes32[] memory path,
        bool included
    ) private view {
        (ICredentialRegistry.State state,) =
            registry.verify(_issuer, root, uint32(index), leaf, path);
        (ICredentialRegistry.State status,) = registry.status(_issuer, root, uint32(index));
        vm.assertEq(uint8(state), included ? uint8(status) : 0, "inclusion");
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

    function _batch(uint256 i) private view returns (address issuer, bytes32 root) {
        return (_actors[i / 4], _someRoots[i % 4]);
    }

    function _read(address issuer, bytes32 root)
        private
        view
        returns (ICredentialRegistry.Batch memory batch)
    {
        (, batch) = registry.status(issuer, root, 0);
    }

    function _word(address issuer, bytes32 root, uint256 word, uint256 lane)
        private
        view
        returns (uint256)
    {
        return _slot(issuer, root, 1 + lane + 2 * word);
    }

    function _slot(address issuer, bytes32 root, uint256 offset) private view returns (uint256) {
        bytes32 base = keccak256(abi.encode(root, keccak256(abi.encode(issuer, uint256(2)))));
        return uint256(vm.load(address(registry), bytes32(uint256(base) + offset)));
    }
}

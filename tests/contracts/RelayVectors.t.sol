// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICredentialRegistry} from "../../contracts/ICredentialRegistry.sol";
import {IRegistryRelay} from "../../contracts/periphery/IRegistryRelay.sol";
import {RegistryRelay} from "../../contracts/periphery/RegistryRelay.sol";
import {RelayTest, SigningVm} from "./RelayTest.sol";

/// @dev The cheat codes that read the committed vectors.
interface ReadingVm is SigningVm {
    function readFile(string calldata path) external view returns (string memory);
    function keyExistsJson(string calldata json, string calldata key) external view returns (bool);
    function parseJsonString(string calldata json, string calldata key)
        external
        pure
        returns (string memory);
    function parseJsonBytes(string calldata json, string calldata key)
        external
        pure
        returns (bytes memory);
    function parseJsonBytes32(string calldata json, string calldata key)
        external
        pure
        returns (bytes32);
    function parseJsonAddress(string calldata json, string calldata key)
        external
        pure
        returns (address);
    function parseJsonUint(string calldata json, string calldata key)
        external
        pure
        returns (uint256);
    function toString(uint256 value) external pure returns (string memory);
}

/// @dev What Python signs (tests/vectors/relay.json) is what this contract checks.
contract RelayVectorsTest is RelayTest {
    ReadingVm private constant reading = ReadingVm(address(vm));

    string private vectors;

    function setUp() public override {
        super.setUp();
        vectors = reading.readFile("tests/vectors/relay.json");
    }

    function test_EveryVectorIsHashedAlikeAndItsSignatureCarriedOut() public {
        uint256 count = 0;
        for (; reading.keyExistsJson(vectors, _case(count, "")); ++count) {
            _place(count);
            string memory kind = reading.parseJsonString(vectors, _case(count, ".primaryType"));
            bool isAnchor = keccak256(bytes(kind)) == keccak256("Anchor");
            isAnchor ? _carryOutAnchor(count) : _carryOutChange(count);
        }
        vm.assertTrue(count > 5, "cases");
    }

    /// @dev The relay where the vector says it is, on the chain that it says, and appointed.
    function _place(uint256 i) private {
        address place =
            reading.parseJsonAddress(vectors, _case(i, ".domain.verifyingContract"));
        signing.chainId(reading.parseJsonUint(vectors, _case(i, ".domain.chainId")));
        // Its storage is its own: a nonce that one vector spends is spent for the next.
        signing.etch(place, address(relay).code);
        relay = RegistryRelay(place);
        address issuer = _address(i, "issuer");
        address by = _address(i, "signer");
        vm.prank(issuer);
        registry.setOperator(issuer, place, ALL, NEVER);
        vm.prank(issuer);
        registry.setOperator(issuer, by, ALL, NEVER);
    }

    function _carryOutAnchor(uint256 i) private {
        IRegistryRelay.Anchor memory request = IRegistryRelay.Anchor(
            _address(i, "signer"),
            _address(i, "issuer"),
            _root(i),
            uint32(_number(i, "size")),
            _number(i, "deadline")
        );
        _expectDigest(i, _hash(request));
        relay.anchor(request, _signature(i));
    }

    function _carryOutChange(uint256 i) private {
        IRegistryRelay.SetStatus memory request = IRegistryRelay.SetStatus(
            _address(i, "signer"),
            _address(i, "issuer"),
            _root(i),
            ICredentialRegistry.Kind(_number(i, "kind")),
            _patches(i),
            _number(i, "nonce"),
            _number(i, "deadline")
        );
        _expectDigest(i, _hash(request));
        (, ICredentialRegistry.Batch memory batch) =
            registry.status(request.issuer, request.root, 0);
        if (batch.size == 0) {
            vm.prank(request.issuer);
            registry.anchor(request.issuer, request.root, type(uint32).max);
        }
        relay.setStatus(request, _signature(i));
    }

    function _expectDigest(uint256 i, bytes32 structHash) private view {
        bytes32 hash = reading.parseJsonBytes32(vectors, _member(i, ".structHash"));
        vm.assertEq(structHash, hash, "structHash");
        bytes32 digest = reading.parseJsonBytes32(vectors, _member(i, ".digest"));
        vm.assertEq(_digest(address(relay), block.chainid, structHash), digest, "digest");
    }

    function _patches(uint256 i)
        private
        view
        returns (ICredentialRegistry.Patch[] memory patches)
    {
        uint256 count = 0;
        while (reading.keyExistsJson(vectors, _patch(i, count, ""))) ++count;
        patches = new ICredentialRegistry.Patch[](count);
        for (uint256 j = 0; j < count; ++j) {
            patches[j].word = uint24(reading.parseJsonUint(vectors, _patch(i, j, ".word")));
            patches[j].mask = reading.parseJsonUint(vectors, _patch(i, j, ".mask"));
        }
    }

    function _address(uint256 i, string memory name) private view returns (address) {
        return reading.parseJsonAddress(vectors, _case(i, string.concat(".message.", name)));
    }

    function _number(uint256 i, string memory name) private view returns (uint256) {
        return reading.parseJsonUint(vectors, _case(i, string.concat(".message.", name)));
    }

    function _root(uint256 i) private view returns (bytes32) {
        return reading.parseJsonBytes32(vectors, _case(i, ".message.root"));
    }

    function _signature(uint256 i) private view returns (bytes memory) {
        return reading.parseJsonBytes(vectors, _member(i, ".signature"));
    }

    function _patch(uint256 i, uint256 j, string memory member)
        private
        pure
        returns (string memory)
    {
        string memory patch = string.concat(".message.patches[", reading.toString(j), "]");
        return _case(i, string.concat(patch, member));
    }

    function _case(uint256 i, string memory member) private pure returns (string memory) {
        return _member(i, string.concat(".typedData", member));
    }

    function _member(uint256 i, string memory member) private pure returns (string memory) {
        return string.concat(".cases[", reading.toString(i), "]", member);
    }
}

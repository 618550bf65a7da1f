import { createRequire } from "node:module";

import { defineConfig } from "hardhat/config";

const require = createRequire(import.meta.url);

export default defineConfig({
  // Everything under `solidity` decides the bytecode, and with it the contract's address:
  // scripts/build_contract.py has the same settings, and a test compares the two results.
  solidity: {
    version: "0.8.37",
    // The compiler of the lock file, so that a build fetches nothing.
    path: require.resolve("solc/soljson.js"),
    settings: {
      viaIR: true,
      optimizer: { enabled: true, runs: 200 },
      // The newest rules that every network we name has (Ethereum, Sepolia, Hoodi, Base, the
      // Sepolias of Base and OP, Polygon Amoy): one bytecode must run on all. What came later
      // (Prague, Osaka) has nothing that this contract would gain from.
      evmVersion: "cancun",
      // The metadata hash changes with every comment, the address must not.
      metadata: { appendCBOR: false, bytecodeHash: "none" },
    },
  },
  paths: {
    tests: { solidity: "./tests/contracts" },
  },
  test: {
    solidity: {
      // The vectors that other languages read too.
      fsPermissions: { readDirectory: ["./tests/vectors"] },
      // Each of the invariants has histories of its own; `scripts/audit invariants` runs many more.
      invariant: { runs: 4, depth: 50 },
    },
  },
  networks: {
    node: {
      type: "edr-simulated",
      chainId: 31337,
      // The interval gives empty blocks, so that confirmations come on an idle chain.
      mining: { auto: true, interval: 1000 },
    },
  },
});

/**
 * The mutation suites by name: the code to mutate, the modules to load before the first test, and the test files, fastest
 * to fail first. `leftOut` matches slow tests that detect no more mutants than others, and tests that need files or what
 * was built. `testTimeout` is in milliseconds.
 */
const suites = {
  rules: {
    // errors.ts contains only texts.
    mutate: ['src/script/**/*.ts', 'src/consensus/**/*.ts', '!src/script/errors.ts'],
    preload: ['script', 'consensus'],
    files: [
      'script/script.test',
      'script/templates.test',
      'script/verify.test',
      'script/edges.test',
      'script/address.test',
      'script/standard.test',
      'consensus/params.test',
      'consensus/known-params.test',
      'consensus/edges.test',
      'consensus/pow.test',
      'consensus/merkle.test',
      'consensus/locks.test',
      'consensus/block-rules.test',
      'consensus/signet.test',
      'consensus/signet-signing.test',
      'consensus/versionbits.test',
      'script/script-tests.test',
      'script/sighash.test',
      'script/signature-cache.test',
      'script/bounds.test',
      'consensus/tx-vectors.test',
      'script/taproot.test',
      'mutation/script-assets',
    ],
    // Of the second engine, of random scripts, of all flags.
    leftOut:
      /wasm engine|Random scripts|random scripts|The time for a script|assets succeed and fail under their own flags and/,
  },
  mempool: {
    mutate: ['src/mempool/**/*.ts', '!src/mempool/index.ts'],
    preload: ['mempool'],
    files: [
      'mempool/policy.test',
      'mempool/standard.test',
      'mempool/graph.test',
      'mempool/feerate-diagram.test',
      'mempool/mempool.test',
      'mempool/accept.test',
      'mempool/limits.test',
      'mempool/packages.test',
      'mempool/replacement.test',
      'mempool/verification.test',
      'mempool/costly-scripts.test',
      'mempool/snapshot.test',
      'mempool/dump.test',
      'mempool/random.test',
    ],
  },
  mining: {
    mutate: ['src/mining/**/*.ts', '!src/mining/index.ts', '!src/mining/search-worker*.ts'],
    preload: ['mining'],
    files: [
      // First, as all other searches in threads fail with a wrong kernel, after seconds.
      'mining/kernel.test',
      'mining/select-transactions.test',
      'mining/block-template.test',
      'mining/bounds.test',
      'mining/lifecycle.test',
      'mining/miner.test',
      'mining/proof-of-work.test',
    ],
    leftOut: /workerUrl/,
    testTimeout: 8000,
  },
  chain: {
    mutate: ['src/chain/**/*.ts', '!src/chain/index.ts', '!src/chain/scripts/script-worker*.ts'],
    preload: ['chain'],
    files: [
      'chain/bounds.test',
      'chain/bip30.test',
      'chain/block-tree.test',
      'chain/unconnected-blocks.test',
      'chain/flusher.test',
      'chain/connecting.test',
      'chain/lifecycle.test',
      'chain/faults.test',
      'chain/reorganisation.test',
      'chain/invalid-blocks.test',
      'chain/utxo-cache.test',
      'chain/block-index.test',
      'chain/codecs.test',
      'chain/steps.test',
      'chain/filter-index.test',
      'chain/script-verifier.test',
      'chain/script-queue.test',
      'chain/script-run.test',
      'chain/damaged-records.test',
      'chain/reindex.test',
      'chain/custom-network.test',
      'chain/random.test',
      'chain/slices.test',
      'chain/crash.test',
    ],
    // Of the network files; and of a crash at each write, which takes as long as all others together.
    leftOut: /and every node agrees|a crash at any write|a crash does not follow/,
    testTimeout: 8000,
  },
  wallet: {
    mutate: ['src/wallet/**/*.ts', '!src/wallet/index.ts'],
    preload: ['wallet'],
    files: [
      'wallet/chain-limits.test',
      'wallet/choice.test',
      'wallet/ledger.test',
      'wallet/key-pool.test',
      'wallet/records.test',
      'wallet/checked-store.test',
      'wallet/unconfirmed-check.test',
      'wallet/resubmit.test',
      'wallet/coin-selection.test',
      'wallet/keys.test',
      'wallet/signing.test',
      'wallet/payment.test',
      'wallet/conflicts.test',
      'wallet/restore.test',
      'wallet/damage.test',
      'wallet/key-coverage.test',
      'wallet/light-wallets.test',
      'wallet/wallet.test',
      'spv/bloom.test',
      'spv/light-restore.test',
    ],
    // What the random worlds find sooner; and of peers that send false data.
    leftOut: /is short for any number of keys|Bloom filters rejects|that one of two peers omits|sends the same filter/,
    testTimeout: 30_000,
  },
};

/** The suite to run, from the environment variable that `run.mjs` sets. */
export const suiteName = process.env.PIER_MUTATION_SUITE ?? 'rules';
export const suite = suites[suiteName];
export const suiteNames = Object.keys(suites);

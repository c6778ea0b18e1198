import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The slowest test files, longest first, so that all workers finish at about the same time. */
const FIRST = [
  'e2e/kill',
  'processes/killed-parent',
  'e2e/bad-input',
  'members/add-node',
  'interop/network-with-bitcoind',
  'e2e/walk-through',
  'e2e/network-file',
  'e2e/output',
  'e2e/full-disk',
  'node/damaged-files',
  'chain/real-blocks',
  'interop/node',
  'interop/network-reorgs',
  'network/engines',
  'scripts/layers',
  'network/network-fees',
  'network/state-file',
  'e2e/up',
  'e2e/up-network',
  'interop/p2p-sync',
  'interop/consensus-differential',
  'wallet/wallet',
  'p2p/twenty-nodes',
  'p2p/hostile-floods',
  'p2p/hostile',
  'interop/rpc-same-chain',
  'interop/block-filters',
  'interop/light-node',
  'e2e/light-node',
  'e2e/scenario',
  'e2e/examples',
  'e2e/package',
  'store/lmdb-open',
  'store/full-disk',
  'interop/wallet-histories',
  'browser/demo',
  'browser/lessons',
  'browser/network',
  'network/traffic',
  'network/peer-port',
  'interop/deployments',
  'p2p/many-peers',
];

/** Orders test files: isolated ones, then the slowest, then the rest. Needs no timings from an earlier run. */
export class LongestFirst extends BaseSequencer {
  override async sort(specifications: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(specifications);
    return sorted.sort((a, b) => rank(a) - rank(b));
  }
}

function rank({ project, moduleId }: TestSpecification): number {
  // First, since a worker ends its shared process when its next file is isolated.
  if (project.config.isolate) return -1;
  const at = FIRST.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
  return at === -1 ? FIRST.length : at;
}

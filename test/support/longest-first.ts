import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes longest, so that the workers end together; each begins with what wants a process of its own. */
const FIRST = [
  'e2e/kill',
  'e2e/bad-input',
  'e2e/scenario',
  'e2e/network-file',
  'chain/real-blocks',
  'interop/node',
  'e2e/up',
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
  'store/lmdb-open',
  'p2p/many-peers',
];

/** The order in which test files begin, on a machine too that has not run them before. */
export class LongestFirst extends BaseSequencer {
  override async sort(specifications: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(specifications);
    return sorted.sort((a, b) => rank(a) - rank(b));
  }
}

function rank({ project, moduleId }: TestSpecification): number {
  // A process that is shared ends where a file comes next that wants its own.
  if (project.config.isolate) return -1;
  const at = FIRST.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
  return at === -1 ? FIRST.length : at;
}

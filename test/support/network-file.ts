import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mineGenesis } from '../../src/commands/mine-genesis.ts';
import { tempDir } from './temp-dir.ts';

/** The `classroom` network with minimal initial difficulty and a retarget every five blocks. */
const QUICK = {
  name: 'quick',
  extends: 'classroom',
  magic: 'fac1a55f',
  genesis: { message: 'Not worth the wait', time: 1_704_240_000, bits: '207fffff' },
  powLimit: `7f${'ff'.repeat(31)}`,
  powTargetSpacing: 1,
  powTargetTimespan: 5,
  coinbaseMaturity: 3,
};

/** Writes `content` (a string as it is, anything else as JSON) to a network file and returns its path. */
export function writeNetworkFile(content: unknown, name = 'network.json'): string {
  const path = join(tempDir('network'), name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

/** Writes a network file with `changes`, mines its genesis block and returns the path. */
export async function quickNetwork(changes: object = {}): Promise<string> {
  const content = { ...QUICK, ...changes };
  const proven = await mineGenesis(writeNetworkFile(content));
  return writeNetworkFile({ ...content, genesis: { ...content.genesis, ...proven } });
}

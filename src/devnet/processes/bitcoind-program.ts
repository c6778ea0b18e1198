import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, resolve } from 'node:path';
import type { PlannedNode } from '../topology/network-plan.ts';
import { quote, TopologyError } from '../topology/topology-error.ts';

/**
 * Returns the executable of each node that is a bitcoind, and undefined for the others. Throws `TopologyError` if there
 * is none.
 */
export async function findPrograms(nodes: readonly PlannedNode[]): Promise<(string | undefined)[]> {
  const programs = nodes.map(async ({ kind, path }, i) => {
    if (kind !== 'bitcoind') return undefined;
    const name = path ?? (process.env.BITCOIND || 'bitcoind');
    const program = await findExecutable(name);
    if (program !== undefined) return program;
    const reason = `${quote(name)} is no executable file${name.includes('/') ? '' : ' on PATH'}`;
    throw new TopologyError([{ path: ['nodes', i, 'path'], reason }], {
      hint: 'Give the path of bitcoind, or set the environment variable BITCOIND.',
    });
  });
  return Promise.all(programs);
}

/** Returns the path of an executable, which is looked up on PATH if it has no slash; undefined if there is none. */
async function findExecutable(name: string): Promise<string | undefined> {
  const folders = name.includes('/') ? [''] : (process.env.PATH ?? '').split(delimiter).filter((each) => each !== '');
  for (const folder of folders) {
    const path = resolve(folder, name);
    const isFile = (await stat(path).catch(() => undefined))?.isFile();
    const isExecutable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isFile && isExecutable) return path;
  }
  return undefined;
}

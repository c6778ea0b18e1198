import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { quickNetwork } from '../support/network-file.ts';
import { freeBasePort, pierPath } from '../support/pier.ts';
import { pierInProcess } from '../support/pier-in-process.ts';
import { tempDir } from '../support/temp-dir.ts';

describe('pier up --network FILE', () => {
  it('runs the scenario on a network from a file, and mines on while the difficulty rises', {
    timeout: 180_000,
  }, async () => {
    const file = await quickNetwork();
    const base = await freeBasePort();
    const dataDir = tempDir('up-file');
    const args = ['up', '--network', file, '--base-port', String(base), '--datadir', dataDir];
    const child = spawn(process.execPath, [pierPath, ...args], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
    try {
      const lines: string[] = [];
      await new Promise<void>((resolve, reject) => {
        createInterface({ input: child.stdout }).on('line', (line) => {
          lines.push(line);
          if (line.startsWith('block 26 ')) resolve();
        });
        void exited.then((code) => reject(new Error(`ended with exit code ${code}:\n${lines.join('\n')}`)));
      });
      const steps = lines.filter((line) => /^\d+\. /.test(line)).map((line) => Number.parseInt(line, 10));
      expect(steps).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      expect(lines.find((line) => line.startsWith('block 25 '))).toMatch(/times harder than before\)$/);

      const env = (id: number) => ({ NODE_ID: String(id), PIER_DATADIR: dataDir, PIER_NETWORK: file });
      const { stdout } = await pierInProcess(['rpc', 'getblockchaininfo'], env(base + 1));
      const { chain, blocks } = JSON.parse(stdout) as { chain: string; blocks: number };
      expect(chain).toBe('quick');
      expect(blocks).toBeGreaterThanOrEqual(25);
      const genesis = JSON.parse((await pierInProcess(['minegenesis', file])).stdout) as { hash: string };
      const known = JSON.parse(readFileSync(file, 'utf8')) as { genesis: { hash: string } };
      expect(genesis.hash).toBe(known.genesis.hash);
      const { stdout: addresses } = await pierInProcess(['listaddresses', '--json'], env(base + 1));
      const prefixes = { bech32: 'pier1q', bech32m: 'pier1p', legacy: 'C', 'p2sh-segwit': 'c' };
      const listed = JSON.parse(addresses) as { address: string; type: keyof typeof prefixes }[];
      expect(listed.map(({ type }) => type)).toEqual(expect.arrayContaining(Object.keys(prefixes)));
      for (const { address, type } of listed) expect(address.startsWith(prefixes[type]), address).toBe(true);

      process.kill(-child.pid!, 'SIGINT');
      expect(await exited).toBe(0);

      // The same name with a changed rule is another network, with other chains and wallets.
      const other = await quickNetwork({ coinbaseMaturity: 4 });
      for (const command of [['printchain'], ['showmnemonic']]) {
        const failed = await pierInProcess(command, { ...env(base), PIER_NETWORK: other });
        expect([command, failed.code]).toEqual([command, 1]);
        expect(failed.stderr).toMatch(/belongs to network quick#[0-9a-f]{8}, not to quick#[0-9a-f]{8}/);
        expect(failed.stderr).toContain('The file that defines network quick has changed');
      }
    } finally {
      child.kill('SIGKILL');
    }
  });
});

import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { isPortFree } from '../../src/devnet/processes/ports.ts';
import { Scenario } from '../../src/devnet/scenario.ts';
import { RPC_PORT_OFFSET } from '../../src/node/config.ts';
import { freeBasePort, pier, pierPath } from '../support/pier.ts';
import { tempDir } from '../support/temp-dir.ts';
import { factOf } from './support/fact-of.ts';

describe('pier up', () => {
  const dataDir = tempDir('up');
  let nodeIds: [number, number, number, number];

  it('runs the scenario, keeps the nodes running, and stops every process at Ctrl-C', {
    timeout: 120_000,
  }, async () => {
    const base = await freeBasePort();
    nodeIds = [base, base + 1, base + 2, base + 3];
    const args = ['up', '--base-port', String(base), '--datadir', dataDir];
    // A process group, as in a terminal: Ctrl-C also reaches the nodes, before `up` stops them.
    const child = spawn(process.execPath, [pierPath, ...args], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
    try {
      const steps: string[] = [];
      const payments: string[] = [];
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (/^\d+\. /.test(line)) steps.push(line);
        const [, txid] = /payment received {2}([0-9a-f]{64})$/.exec(line) ?? [];
        if (txid) payments.push(txid);
      });
      await new Promise<void>((resolve, reject) => {
        createInterface({ input: child.stderr }).on('line', (line) => {
          if (line.startsWith('Press Ctrl-C to stop')) resolve();
        });
        void exited.then((code) => reject(new Error(`ended with exit code ${code}`)));
      });
      expect(steps.map((line) => Number.parseInt(line, 10))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);

      // Every node responds, and a second network on the same ports fails.
      for (const nodeId of nodeIds) {
        const env = { NODE_ID: String(nodeId), PIER_DATADIR: dataDir };
        expect((await pier(['rpc', 'getblockcount'], env)).stdout.trim()).toBe('103');
      }
      // The light node has a proof of its payment, and the central node serves proofs to any client.
      const [payment] = payments;
      const own = await pier(['verify', payment!], { NODE_ID: String(nodeIds[3]), PIER_DATADIR: dataDir });
      const remote = await pier(['verify', payment!, '--node', `127.0.0.1:${base}`]);
      for (const { stdout } of [own, remote])
        expect(stdout).toMatch(/^Proved: block 103 of regtest contains the transaction/);
      const second = await pier(args);
      expect(second.code).toBe(1);
      expect(second.stderr).toContain(`port ${base} is in use`);

      process.kill(-child.pid!, 'SIGINT');
      expect(await exited).toBe(0);
      // Every node has shut down cleanly and removed its cookie.
      expect(readdirSync(dataDir).filter((name) => name.startsWith('.cookie'))).toEqual([]);
    } finally {
      child.kill('SIGKILL');
    }
    for (const nodeId of nodeIds) {
      expect(await isPortFree(nodeId)).toBe(true);
      expect(await isPortFree(nodeId + RPC_PORT_OFFSET)).toBe(true);
    }
  });

  it('has left the files of its nodes, on which the scenario passes again', { timeout: 120_000 }, async () => {
    for (const id of nodeIds) {
      expect(existsSync(join(dataDir, `blockchain_${id}.db`))).toBe(true);
      expect(statSync(join(dataDir, `wallet_${id}.db`)).mode & 0o777).toBe(0o600);
    }
    const [central, wallet, miner, light] = nodeIds;
    const again = new Scenario({ central, wallet, miner, light, dataDir });
    try {
      const evidence = await again.play();
      expect(factOf(evidence, 1, 'height')).toBe(103);
      expect(factOf(evidence, 9, "bob's balance")).toBe('4 BTC');
      expect(factOf(evidence, 10, "bob's balance")).toBe('4 BTC');
    } finally {
      await again.stop();
    }
    for (const node of again.nodes) expect(node.running).toBe(false);
  });
});

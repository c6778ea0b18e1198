import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { createNetwork } from '../../src/devnet/network/create-network.ts';
import { isPortFree } from '../../src/devnet/processes/ports.ts';
import type { StepEvidence } from '../../src/devnet/scenario/evidence.ts';
import { Scenario } from '../../src/devnet/scenario/scenario.ts';
import { RPC_PORT_OFFSET } from '../../src/node/config.ts';
import { freeBasePort, pier, pierPath } from '../support/pier.ts';
import { pierInProcess } from '../support/pier-in-process.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';
import { factOf, printedSteps } from './support/fact-of.ts';

const NAME = 'up-test';

interface Status {
  readonly mining: unknown;
  readonly nodes: readonly {
    readonly name: string;
    readonly id: number | null;
    readonly height: number;
    readonly mempool: number | null;
    readonly balance: string;
  }[];
}
interface Accounts {
  readonly mnemonic: string | null;
  readonly accounts: readonly {
    readonly wallet: string;
    readonly node: string;
    readonly balance: string;
    readonly keys: Readonly<Record<string, { readonly address: string }>>;
  }[];
}

/** Runs a command that controls the network. */
async function control<T = Status>(command: string, ...args: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await pierInProcess([command, ...args, '--name', NAME, '--json']);
  expect({ command, code, stderr }).toEqual({ command, code: 0, stderr: '' });
  return JSON.parse(stdout) as T;
}

/** Checks what holds in a new data directory. */
function expectFirst(evidence: readonly StepEvidence[]): void {
  expect(evidence.map((e) => e.step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(factOf(evidence, 1, 'height')).toBe(101);
  expect(factOf(evidence, 1, 'spendable')).toBe('50 BTC');
  expect(factOf(evidence, 1, 'immature rewards')).toBe('5000 BTC');
  expect(factOf(evidence, 2, 'height')).toBe(101);
  expect(factOf(evidence, 6, 'height')).toBe(103);
  expect(factOf(evidence, 6, 'transactions, with coinbase')).toBe(3);
  expect(factOf(evidence, 7, 'best block')).toBe(factOf(evidence, 6, 'block'));
  expect(factOf(evidence, 8, 'best block')).toBe(factOf(evidence, 6, 'block'));
  expect(factOf(evidence, 9, "bob's balance")).toBe('2 BTC');
  expect(factOf(evidence, 10, "bob's balance")).toBe('2 BTC');
  // The block with the payment, and false positives of the filters: about 1 in 5,000 blocks with this many keys.
  const [blocks, byChance] = ['blocks downloaded', 'filter false positives'].map((l) => factOf(evidence, 10, l));
  expect((blocks as number) - (byChance as number)).toBe(1);
  expect(byChance).toBeLessThan(3);
  const [received, all] = ['bytes received', 'bytes received, full node'].map((l) => factOf(evidence, 10, l));
  expect(received).toBeLessThan(all as number);
}

describe('pier up', () => {
  const dataDir = tempDir('up');
  let nodeIds: [number, number, number, number];

  it('runs the scenario, keeps the nodes running, and stops every process at Ctrl-C', {
    timeout: 120_000,
  }, async () => {
    const base = await freeBasePort();
    nodeIds = [base, base + 1, base + 2, base + 3];
    const args = ['up', '--base-port', String(base), '--datadir', dataDir, '--name', NAME];
    // A process group, as in a terminal: Ctrl-C also reaches the nodes, before `up` stops them.
    const child = spawn(process.execPath, [pierPath, ...args], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
    try {
      const lines: string[] = [];
      createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
      await new Promise<void>((resolve, reject) => {
        createInterface({ input: child.stderr }).on('line', (line) => {
          if (line.startsWith('Press Ctrl-C to stop')) resolve();
        });
        void exited.then((code) => reject(new Error(`ended with exit code ${code}`)));
      });
      const evidence = printedSteps(lines);
      expectFirst(evidence);

      // Every node responds, and a second network on the same ports fails.
      for (const nodeId of nodeIds) {
        const env = { NODE_ID: String(nodeId), PIER_DATADIR: dataDir };
        expect((await pierInProcess(['rpc', 'getblockcount'], env)).stdout.trim()).toBe('103');
      }
      // The light node has a proof of its payment, and the central node serves proofs to any client.
      const payment = factOf(evidence, 5, 'payment received') as string;
      const own = await pierInProcess(['verify', payment], { NODE_ID: String(nodeIds[3]), PIER_DATADIR: dataDir });
      const remote = await pierInProcess(['verify', payment, '--node', `127.0.0.1:${base}`]);
      for (const { stdout } of [own, remote])
        expect(stdout).toMatch(/^Proved: block 103 of regtest contains the transaction/);
      const second = await pier(args);
      expect(second.code).toBe(1);
      expect(second.stderr).toContain(`port ${base} is in use`);

      const heights = async () => (await control('status')).nodes.map(({ height }) => height);
      expect((await control('status')).nodes.map(({ name, id, mempool }) => [name, id, mempool])).toEqual([
        ['central', nodeIds[0], 0],
        ['wallet', nodeIds[1], 0],
        ['miner', nodeIds[2], 0],
        // A light node accepts no peers, and has no mempool.
        ['light', null, null],
      ]);
      const { accounts, mnemonic } = await control<Accounts>('accounts');
      expect(mnemonic).toBeNull();
      expect(accounts.map(({ wallet, node }) => [wallet, node])).toEqual([
        ['alice', 'wallet'],
        ['bob', 'wallet'],
      ]);
      // The miner confirms two payments at a time, in its own favour, to each type of address.
      await control('faucet', accounts[1]!.keys.legacy!.address, '1');
      expect(await heights()).toEqual([103, 103, 103, 103]);
      await control('faucet', accounts[1]!.keys.bech32m!.address, '1');
      await waitFor(async () => (await heights()).every((height) => height === 104), { describe: 'block 104' });
      await control('mining', 'manual');
      // The node's own miner has handed over to the network's mode.
      const info = await pier(['rpc', 'getminerinfo'], { NODE_ID: String(nodeIds[2]), PIER_DATADIR: dataDir });
      expect(JSON.parse(info.stdout)).toMatchObject({ running: false });
      await control('mine');
      const [central, , miner] = (await control('status')).nodes;
      expect(central!.height).toBe(105);
      expect((await control<Accounts>('accounts')).accounts[1]!.balance).toBe('4.00000000');
      expect(miner!.balance).toBe('0.00000000');
      // A node that is added is linked to the central node, and is there until the network ends.
      const added = await control<{ name: string; id: number; height: number }>('add', 'late');
      expect(added).toMatchObject({ name: 'late', height: 105 });
      expect(readdirSync(dataDir)).toContain(`blockchain_${added.id}.db`);
      // What it was when the steps were over, with the mining mode.
      await control('reset');
      expect(await heights()).toEqual([103, 103, 103, 103, 103]);
      expect((await control('status')).mining).toEqual({ transactions: 2 });

      // What the next run finds: another time, two branches, and a payment that waits.
      await control('time', '--increase', '86400');
      await control('partition', 'miner');
      await control('mine', '2', '--by', 'miner');
      await control('mine', '--by', 'wallet');
      await control('faucet', '1', '0.5');

      process.kill(-child.pid!, 'SIGINT');
      expect(await exited).toBe(0);
      expect(readdirSync(dataDir).filter((name) => name.includes(`_${added.id}.`))).toEqual([]);
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
      expect(factOf(evidence, 1, 'height')).toBe(104);
      expect(factOf(evidence, 9, "bob's balance")).toBe('4.5 BTC');
      expect(factOf(evidence, 10, "bob's balance")).toBe('4.5 BTC');
      const { time, links } = again.network!;
      expect(time.now()).toBeGreaterThan(Date.now() / 1000 + 86_000);
      expect(links.some(({ isCut }) => isCut)).toBe(false);
      // A state of the scenario is that of a network like others.
      const state = await again.network!.saveState();
      await using copy = await createNetwork({ state });
      const [, bob] = copy.accounts;
      expect(await bob!.balance()).toBe(450_000_000n);
      const payment = await copy.faucet(bob!, '1');
      await copy.mine();
      await payment.confirmed();
      expect(await bob!.balance()).toBe(550_000_000n);
      await copy.load(state);
      expect(await bob!.balance()).toBe(450_000_000n);
    } finally {
      await again.stop();
    }
    expect(again.network!.nodes.map(({ status }) => status)).toEqual(['stopped', 'stopped', 'stopped', 'stopped']);
  });
});

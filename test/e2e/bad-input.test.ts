import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chainParams } from '../../src/consensus/params.ts';
import { NodeProcess } from '../../src/devnet/processes/node-process.ts';
import { freeNodeIds } from '../../src/devnet/processes/ports.ts';
import type { ProcessResult } from '../../src/devnet/processes/process-result.ts';
import { pier } from '../support/pier.ts';
import { pierInProcess } from '../support/pier-in-process.ts';
import { tempDir } from '../support/temp-dir.ts';

const dataDir = tempDir('bad-input');
let nodeId: number;
let otherId: number;
let address: string;

const MAINNET_ADDRESS = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4';
const REGTEST_ADDRESS = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';

/**
 * Runs a command: `startnode` as a process, since it takes the ports and threads of one, others in this one, as
 * those that are refused before they open a file or port.
 */
function execute(args: readonly string[], env: Record<string, string> = {}): Promise<ProcessResult> {
  return args[0] === 'startnode' ? pier(args, env) : pierInProcess(args, env);
}

/** Runs a command for the node that has a chain and a wallet. */
function run(...args: string[]): Promise<ProcessResult> {
  return execute([...args, '--datadir', dataDir], { NODE_ID: String(nodeId) });
}

/** Calls an RPC method of that node. Options after the method are the method's arguments. */
function rpc(...args: string[]): Promise<ProcessResult> {
  return execute(['rpc', '--datadir', dataDir, ...args], { NODE_ID: String(nodeId) });
}

/** Returns a digest of every file in the folder, except LMDB's lock files, which readers modify. */
function fingerprint(folder = dataDir): Record<string, string> {
  const entries = readdirSync(folder)
    .filter((name) => !name.endsWith('-lock'))
    .map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(folder, name)))
        .digest('hex'),
    ]);
  return Object.fromEntries(entries) as Record<string, string>;
}

/** Returns the node's visible state: its tip and the balances of its wallets. */
async function state(): Promise<string> {
  const results = [await run('getbalance', '--json'), await run('printchain', '--limit', '1', '--json')];
  return results.map((r) => r.stdout).join();
}

/** Returns stderr without the lines of the node's log. */
function withoutLog(stderr: string): string {
  return stderr
    .split('\n')
    .filter((line) => !line.startsWith('{'))
    .join('\n');
}

function expectError({ code, stderr, stdout }: ProcessResult, exitCode: 1 | 2, message: RegExp): void {
  expect(stderr).toMatch(message);
  expect(stderr).not.toMatch(/\n\s+at .*:\d+/); // an expected error has no stack trace
  expect(stdout).toBe('');
  expect(code).toBe(exitCode);
}

beforeAll(async () => {
  [nodeId, otherId] = (await freeNodeIds(2)) as [number, number];
  const created = await run('createwallet', '--json');
  address = (JSON.parse(created.stdout) as { address: string }).address;
  const chain = await run('createblockchain', '--address', address);
  expect(chain.stderr).toBe('');
}, 60_000);

describe('wrong usage', () => {
  it('fails if NODE_ID is missing or not a port', { timeout: 30_000 }, async () => {
    expectError(await execute(['getbalance']), 2, /NODE_ID is not set/);
    const ids = ['abc', '0', '65536', '60000', '-1', '30.5', ''];
    for (const id of ids) expectError(await execute(['getbalance'], { NODE_ID: id }), 2, /NODE_ID/);
  });

  it('fails for unknown commands, options and networks', { timeout: 30_000 }, async () => {
    const cases: [string[], RegExp][] = [
      [['sendd'], /unknown command/],
      [['getbalance', '--adress', address], /unknown option/],
      [['getbalance', '--network', 'moon'], /unknown network 'moon'/],
      [['send', '--to', address], /--amount/],
    ];
    for (const [args, message] of cases) {
      // A process has the same output and exit code.
      const result = await run(...args);
      expectError(result, 2, message);
      expect(await pier([...args, '--datadir', dataDir], { NODE_ID: String(nodeId) })).toEqual(result);
    }
  });

  it('fails for invalid amounts', { timeout: 60_000 }, async () => {
    const before = await state();
    const cases: [string, number, RegExp][] = [
      ['0', 2, /more than 0/],
      ['-1', 2, /more than 0/],
      ['0.123456789', 2, /not an amount/],
      ['1e3', 2, /not an amount/],
      ['ten', 2, /not an amount/],
      ['21000001', 2, /not an amount/],
      ['50', 1, /immature/], // and the fee
      ['6000', 1, /Insufficient funds/],
    ];
    for (const [amount, code, message] of cases) {
      expectError(await run('send', '--to', address, `--amount=${amount}`, '--mine'), code as 1 | 2, message);
    }
    expect(await state()).toBe(before);
  });

  it('fails for addresses of another network, with a wrong checksum, or of no known format', {
    timeout: 60_000,
  }, async () => {
    const before = await state();
    const typo = address.replace(/.$/, (last) => (last === 'q' ? 'p' : 'q'));
    for (const [bad, message] of [
      [MAINNET_ADDRESS, /network/],
      [typo, /checksum/],
      ['1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2', /network/],
      ['hello', /address/],
    ] as const) {
      expectError(await run('send', '--to', bad, '--amount', '1', '--mine'), 2, message);
      expectError(await run('getbalance', '--address', bad), 2, message);
      const start = ['startnode', '--miner', bad, '--datadir', dataDir];
      expectError(await pierInProcess(start, { NODE_ID: String(nodeId) }), 2, message);
      expectError(
        await execute(['createblockchain', '--address', bad, '--datadir', dataDir], { NODE_ID: String(otherId) }),
        2,
        message,
      );
    }
    expect(existsSync(join(dataDir, `blockchain_${otherId}.db`))).toBe(false);
    expect(await state()).toBe(before);
  });

  it('does not spend immature coins', { timeout: 30_000 }, async () => {
    // 50 of the 5,050 BTC are spendable.
    expectError(await run('send', '--to', REGTEST_ADDRESS, '--amount', '60', '--mine'), 1, /immature/);
  });
});

describe('files', () => {
  it('fails if a wallet or chain is missing', { timeout: 60_000 }, async () => {
    const env = { NODE_ID: String(otherId) };
    const empty = tempDir('empty');
    const cases: [string[], RegExp][] = [
      [['getbalance'], /no wallet/],
      [['listaddresses'], /no wallet/],
      [['send', '--to', REGTEST_ADDRESS, '--amount', '1'], /no wallet/],
      [['printchain'], /no blockchain/],
      [['reindexutxo'], /no blockchain/],
      [['startnode', '--no-seed'], /no blockchain/],
      [['getbalance', '--address', REGTEST_ADDRESS], /no blockchain/],
    ];
    for (const [args, message] of cases) expectError(await execute([...args, '--datadir', empty], env), 1, message);
    const [[args]] = cases as [[string[], RegExp]];
    const result = await execute([...args, '--datadir', empty], env);
    expect(await pier([...args, '--datadir', empty], env)).toEqual(result);
    expect(readdirSync(empty)).toEqual([]);
  });

  it('does not overwrite a chain or wallet', { timeout: 30_000 }, async () => {
    const before = fingerprint();
    expectError(await run('createblockchain', '--address', address), 1, /already has a blockchain/);
    const { stderr } = await run('createblockchain', '--address', address);
    expect(stderr).toContain(`'npx pier reset --datadir ${dataDir} --files' then removes their files, wallets too.`);
    expectError(await run('createwallet', '--name', 'wallet1'), 1, /already has a wallet 'wallet1'/);
    expect(Object.keys(fingerprint())).toEqual(Object.keys(before));
  });

  it('fails if a database is truncated, empty, of another network or kind, or not a database', {
    timeout: 120_000,
  }, async () => {
    const folder = tempDir('bad-files');
    const chain = join(folder, `blockchain_${nodeId}.db`);
    const wallet = join(folder, `wallet_${nodeId}.db`);
    const good = { chain: join(dataDir, `blockchain_${nodeId}.db`), wallet: join(dataDir, `wallet_${nodeId}.db`) };
    /** Expects every command that needs the file to fail and to leave it unchanged. */
    const check = async (bad: string, message: RegExp, network = 'regtest') => {
      const before = readFileSync(bad);
      const common = ['--datadir', folder, '--network', network];
      for (const args of [['getbalance'], ['startnode', '--no-seed'], ['createwallet']]) {
        const { code, stderr, stdout } = await execute([...args, ...common], { NODE_ID: String(nodeId) });
        expectError({ code, stdout, stderr: withoutLog(stderr) }, 1, message);
      }
      expect(readFileSync(bad).equals(before)).toBe(true);
    };

    copyFileSync(good.chain, chain);
    copyFileSync(good.wallet, wallet);
    await check(chain, /regtest/, 'testnet4');

    truncateSync(chain, statSync(chain).size / 2);
    await check(chain, /truncated/);
    writeFileSync(chain, 'This is not a database at all. '.repeat(1000));
    await check(chain, /not a database/);
    writeFileSync(chain, new Uint8Array(0));
    await check(chain, /not a database/);

    copyFileSync(good.chain, chain);
    truncateSync(wallet, statSync(wallet).size / 2);
    await check(wallet, /truncated/);
    writeFileSync(wallet, new Uint8Array(20_000).fill(7));
    await check(wallet, /not a database/);
    // A blockchain in the place of the wallet.
    copyFileSync(good.chain, wallet);
    await check(wallet, /wallet/);
  });

  it('fails if the data directory is a file, or a database is a folder', { timeout: 30_000 }, async () => {
    const file = join(tempDir('no-folder'), 'file');
    writeFileSync(file, '');
    const result = await execute(['createwallet', '--datadir', file], { NODE_ID: String(nodeId) });
    expectError(result, 2, /file/);
    const folder = tempDir('folder-db');
    mkdirSync(join(folder, `wallet_${nodeId}.db`));
    expectError(await execute(['createwallet', '--datadir', folder], { NODE_ID: String(nodeId) }), 1, /wallet_/);
  });
});

describe('a running node', () => {
  let node: NodeProcess;

  beforeAll(async () => {
    node = await NodeProcess.start({ nodeId, dataDir, seeds: [] });
  }, 60_000);
  afterAll(() => node.stop());

  it('locks its ports and files', { timeout: 30_000 }, async () => {
    expectError(await run('reindexutxo'), 1, new RegExp(`${node.pid}`));
    expectError(await run('startnode', '--no-seed'), 1, new RegExp(`in use|taken|${node.pid}`));
    const other = tempDir('same-port');
    const args = ['startnode', '--seed', '127.0.0.1:1', '--datadir', other];
    expectError(await execute(args, { NODE_ID: String(nodeId) }), 1, new RegExp(`:${nodeId}: another program`));
  });

  it('is found at another address of its RPC server', { timeout: 30_000 }, async () => {
    const [id] = (await freeNodeIds(1)) as [number];
    const folder = tempDir('rpc-host');
    const env = { NODE_ID: String(id), PIER_DATADIR: folder };
    await execute(['createblockchain', '--address', address], env);
    const elsewhere = await NodeProcess.start({ nodeId: id, dataDir: folder, seeds: [], rpcHost: '127.0.0.2' });
    try {
      const { code, stdout } = await execute(['rpc', '--rpc-host', '127.0.0.2', 'getblockcount'], env);
      expect([code, stdout]).toEqual([0, '101\n']);
      expectError(await execute(['rpc', 'getblockcount'], env), 1, /no node is running at 127\.0\.0\.1/);
    } finally {
      await elsewhere.stop();
    }
  });

  it('reports which RPC port is taken', { timeout: 30_000 }, async () => {
    const server = createServer().listen(otherId + 10_000, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    try {
      const args = ['startnode', '--seed', '127.0.0.1:1', '--datadir', tempDir('rpc-port')];
      expectError(
        await execute(args, { NODE_ID: String(otherId) }),
        1,
        new RegExp(`RPC cannot listen on 127.0.0.1:${otherId + 10_000}: another program uses this port`),
      );
    } finally {
      server.close();
    }
  });

  it('rejects the same input as a stopped node', { timeout: 60_000 }, async () => {
    expectError(await run('createwallet', '--name', 'wallet1'), 1, /already has a wallet 'wallet1'/);
    const { stderr: hint } = await run('createwallet', '--name', 'wallet1');
    expect(hint).toContain(`'npx pier reset --datadir ${dataDir} --files' then removes their files, wallets too.`);
    expectError(await run('createblockchain', '--address', address), 1, /'npx pier down', or kill \d+/);
    expectError(await run('send', '--to', address, '--amount=0'), 2, /more than 0/);
    expectError(await run('send', '--to', MAINNET_ADDRESS, '--amount=1'), 2, /network/);
    expectError(await run('send', '--to', address, '--amount=60'), 1, /immature/);
    expectError(await run('send', '--to', address, '--amount=1', '--from', 'no-such-wallet'), 1, /no-such-wallet/);
    expectError(await rpc('nosuchmethod'), 1, /Method not found/);
    expectError(await rpc('getblockhash', '100000'), 1, /out of range/);
    const unknown = 'help: unknown command: getblokhash\n';
    expect(await rpc('help', 'getblokhash')).toEqual({
      code: 0,
      stdout: unknown,
      stderr: 'Did you mean getblockhash?\n',
    });
    expect((await rpc('help', 'nosuchmethod')).stderr).toBe('');
    expect((await rpc('help', 'getblockhash')).stderr).toBe('');
    expect(await node.rpc.call('getblockcount')).toBe(101);
    expect(await node.rpc.call('getrawmempool')).toEqual([]);
  });

  /** Sends bytes to the P2P port, and closes the connection after them if `closeAfter`. Resolves when it is closed. */
  function attack(bytes: Uint8Array, closeAfter = false): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = connect(nodeId, '127.0.0.1', () => {
        if (closeAfter) socket.end(bytes);
        else socket.write(bytes);
      });
      socket.resume();
      socket.once('close', () => resolve());
      socket.once('error', (error: NodeJS.ErrnoException) =>
        error.code === 'ECONNRESET' || error.code === 'EPIPE' ? resolve() : reject(error),
      );
    });
  }

  function frame(command: string, length: number, payload = new Uint8Array(0)): Uint8Array {
    const bytes = Buffer.alloc(24 + payload.length);
    bytes.set(chainParams('regtest').magic, 0);
    bytes.write(command, 4, 'ascii');
    bytes.writeUInt32LE(length, 16);
    const checksum = createHash('sha256').update(createHash('sha256').update(payload).digest()).digest();
    checksum.copy(bytes, 20, 0, 4);
    bytes.set(payload, 24);
    return bytes;
  }

  it('survives random bytes, truncated and oversized messages on its P2P port', { timeout: 60_000 }, async () => {
    const garbage = createHash('sha512').update('garbage').digest();
    await attack(Buffer.concat(Array.from({ length: 100 }, () => garbage)));
    await attack(frame('version', 0xffff_ffff));
    await attack(frame('version', 5_000_000));
    await attack(frame('version', 100, new Uint8Array(50)), true); // ends in the middle of the payload
    await attack(frame('version', 0).subarray(0, 11), true); // ends in the middle of the header
    // Bytes that are not v1 may start a v2 handshake, for the rest of which the node would wait a minute (BIP324).
    await attack(Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'), true);
    // Payloads that do not decode, before and in place of the handshake.
    await attack(
      Buffer.concat([frame('tx', 3, Buffer.from([1, 2, 3])), frame('version', 4, Buffer.from('abcd'))]),
      true,
    );

    expect(await node.rpc.call('getblockcount')).toBe(101);
    const [otherNode] = [await NodeProcess.start({ nodeId: otherId, dataDir: tempDir('honest'), seeds: [node.p2p] })];
    try {
      await expect
        .poll(() => otherNode.rpc.call('getbestblockhash'), { timeout: 20_000, interval: 50 })
        .toBe(await node.rpc.call('getbestblockhash'));
    } finally {
      await otherNode.stop();
    }
  });
});

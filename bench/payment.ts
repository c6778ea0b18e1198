import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { RpcClient } from 'pier/api';
import { freeNodeIds, NodeProcess } from 'pier/devnet';
import { Bitcoind } from './bitcoind.ts';
import { median } from './median.ts';

/** Inputs of the payment: all coins that the wallet may spend. */
const INPUTS = 1_000;
/** Confirmations that a coinbase output needs before it is spent, as in Core's wallet. */
const MATURITY = 100;

interface Payment {
  /** CPU time of the process in seconds. */
  readonly cpu: number;
  /** Time until `sendtoaddress` answered, in seconds. */
  readonly seconds: number;
  /** The longest that `getblockcount` took meanwhile, in milliseconds. */
  readonly longestWait: number;
}

/**
 * Pays with a thousand P2WPKH inputs at once, with bitcoind and with Pier. Prints the CPU time of the process, the time
 * of the call, how long another caller waited meanwhile, and the ratio of Pier's CPU time to bitcoind's.
 */
export async function benchPayment({ rounds }: { readonly rounds: number }): Promise<void> {
  console.log(`payment: ${INPUTS} P2WPKH inputs in one transaction`);
  const theirs: Payment[] = [];
  const ours: Payment[] = [];
  for (let round = 0; round < rounds; round++) {
    theirs.push(await payByBitcoind());
    ours.push(await payByPier());
  }
  const reference = print('bitcoind', theirs);
  const ratio = print('Pier', ours) / reference;
  console.log(`  ${ratio.toFixed(2)} of bitcoind's CPU time`);
}

async function payByBitcoind(): Promise<Payment> {
  const bitcoind = await Bitcoind.start();
  try {
    await bitcoind.rpc.call('createwallet', ['w']);
    return await pay(bitcoind.rpc, bitcoind.pid);
  } finally {
    await bitcoind.stop();
  }
}

async function payByPier(): Promise<Payment> {
  const dataDir = await mkdtemp(join(tmpdir(), 'pier-bench-'));
  const [nodeId] = await freeNodeIds(1);
  // A node without a chain needs a seed; nothing listens here.
  const node = await NodeProcess.start({ nodeId: nodeId!, dataDir, seeds: ['127.0.0.1:1'], logLevel: 'warn' });
  try {
    await node.rpc.call('createwallet', ['w']);
    return await pay(node.rpc, node.pid);
  } finally {
    await node.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function pay(rpc: RpcClient, pid: number): Promise<Payment> {
  const address = await rpc.call<string>('getnewaddress', ['', 'bech32']);
  await rpc.call('generatetoaddress', [INPUTS + MATURITY, address]);
  const amount = await rpc.call<number>('getbalance');
  const [cpu, start] = [await cpuSeconds(pid), performance.now()];
  let longestWait = 0;
  const payment = rpc
    .call<string>('sendtoaddress', { address, amount, subtractfeefromamount: true, fee_rate: 2 })
    .then((txid) => ({ txid, seconds: (performance.now() - start) / 1000 }));
  const isPaid = payment.then(() => true);
  while (!(await Promise.race([isPaid, Promise.resolve(false)]))) {
    const asked = performance.now();
    await rpc.call('getblockcount');
    longestWait = Math.max(longestWait, performance.now() - asked);
  }
  const { txid, seconds } = await payment;
  const used = (await cpuSeconds(pid)) - cpu;
  const { vin } = await rpc.call<{ vin: unknown[] }>('getrawtransaction', [txid, 1]);
  if (vin.length !== INPUTS) throw new Error(`the payment has ${vin.length} inputs instead of ${INPUTS}`);
  return { cpu: used, seconds, longestWait };
}

/** Returns the CPU time that a process has used, of all its threads, in seconds (Linux). */
async function cpuSeconds(pid: number): Promise<number> {
  const ticksPerSecond = Number((await promisify(execFile)('getconf', ['CLK_TCK'])).stdout);
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]!.split(' ');
  // utime and stime are the fields 14 and 15 of proc(5); the state after the name is the third.
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Prints the medians of a node's payments. Returns that of the CPU time. */
function print(name: string, payments: readonly Payment[]): number {
  const cpu = median(payments.map((payment) => payment.cpu));
  const seconds = median(payments.map((payment) => payment.seconds));
  const wait = Math.max(...payments.map((payment) => payment.longestWait));
  const figures = `${cpu.toFixed(2)} s CPU  ${seconds.toFixed(2)} s  longest wait of another call ${wait.toFixed(0)} ms`;
  console.log(`  ${name.padEnd(9)} ${figures}`);
  return cpu;
}

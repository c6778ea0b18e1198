import { existsSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/bytes/compare.ts';
import { ByteWriter } from '../../src/bytes/writer.ts';
import { Block } from '../../src/primitives/block.ts';
import { HEADER_SIZE } from '../../src/primitives/header.ts';
import { requireOracles } from '../support/oracles.ts';

// The bound: decoding N bytes holds at most 40 * N bytes plus 1 MiB besides the input, whether it succeeds or fails.
// The worst case is a witness of two-byte elements: each takes three bytes of input and an object of about a hundred
// bytes.
const FACTOR = 40;
const CONSTANT = 1 << 20;

const SIZE = 400_000;

const input = concatBytes(new Uint8Array(36), Uint8Array.of(0), new Uint8Array(4));
const output = new Uint8Array(9);

/** Encodes a list of as many copies of `item` as fit into SIZE. */
function many(item: Uint8Array): Uint8Array {
  const count = Math.floor((SIZE - 200) / item.length);
  const writer = new ByteWriter(SIZE).compactSize(count);
  for (let i = 0; i < count; i++) writer.bytes(item);
  return writer.finish();
}

const one = (item: Uint8Array) => concatBytes(Uint8Array.of(1), item);
const withScript = (bytes: Uint8Array, at: number, length: number) =>
  concatBytes(bytes.subarray(0, at), Uint8Array.of(length), new Uint8Array(length), bytes.subarray(at + 1));

/** Encodes a transaction from encoded lists of inputs and outputs, and optionally a witness. */
function transaction(inputs: Uint8Array, outputs: Uint8Array, witness?: Uint8Array): Uint8Array {
  const version = Uint8Array.of(2, 0, 0, 0);
  if (!witness) return concatBytes(version, inputs, outputs, new Uint8Array(4));
  return concatBytes(version, Uint8Array.of(0, 1), inputs, outputs, witness, new Uint8Array(4));
}

const ofWitness = (item: Uint8Array) => transaction(one(input), one(output), many(item));
const announcing = (count: string) => Buffer.from(`02000000${count}`, 'hex');

/** Transactions with the largest number of the smallest parts, by a description of the part. */
const hostile: Readonly<Record<string, Uint8Array>> = {
  'witness elements of no byte': ofWitness(Uint8Array.of(0)),
  'witness elements of one byte': ofWitness(Uint8Array.of(1, 7)),
  'witness elements of two bytes': ofWitness(Uint8Array.of(2, 7, 7)),
  'witness elements of three bytes': ofWitness(Uint8Array.of(3, 7, 7, 7)),
  'outputs without script': transaction(one(input), many(output)),
  'outputs with scripts of two bytes': transaction(one(input), many(withScript(output, 8, 2))),
  'outputs of large amounts': transaction(one(input), many(new Uint8Array(9).fill(0xff, 0, 8))),
  'inputs without script': transaction(many(input), one(output)),
  'inputs with scripts of two bytes': transaction(many(withScript(input, 36, 2)), one(output)),
  'inputs announced': announcing('feffffff01'),
  'outputs announced': concatBytes(announcing(''), one(input), Buffer.from('feffffff01', 'hex')),
  'witness elements announced': concatBytes(
    announcing('0001'),
    one(input),
    one(output),
    Buffer.from('feffffff01', 'hex'),
    new Uint8Array(SIZE),
  ),
};

const header = new Uint8Array(HEADER_SIZE);
const blocks: Readonly<Record<string, Uint8Array>> = {
  ...Object.fromEntries(Object.entries(hostile).map(([what, tx]) => [what, concatBytes(header, one(tx))])),
  'transactions of nothing': concatBytes(header, many(transaction(Uint8Array.of(0), Uint8Array.of(0)))),
  'transactions of one input and one output': concatBytes(header, many(transaction(one(input), one(output)))),
  'transactions announced': concatBytes(header, Buffer.from('feffffff01', 'hex')),
};

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapUsed(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

describe('A block', () => {
  it.each(Object.keys(blocks))('of %s stays within the memory bound', (what) => {
    const raw = blocks[what]!;
    const before = heapUsed();
    const buffers = process.memoryUsage().arrayBuffers;
    let block: Block | undefined;
    try {
      block = Block.decode(raw);
    } catch {
      // Malformed.
    }
    // The bytes are not copied.
    expect(process.memoryUsage().arrayBuffers - buffers).toBeLessThan(CONSTANT);
    expect(heapUsed() - before).toBeLessThan(FACTOR * raw.length + CONSTANT);
    expect(block === undefined).toBe(what.endsWith('announced'));
  });
});

/** A worker that decodes all given blocks in a limited heap and posts how many decoded. */
const script = `
  const { parentPort, workerData } = require('node:worker_threads');
  import(workerData.module).then(({ Block }) => {
    let decoded = 0;
    for (const raw of workerData.blocks) {
      try {
        decoded += Block.decode(raw).transactions.length > 0;
      } catch (error) {
        if (error.name !== 'DecodeError') throw error;
      }
    }
    parentPort.postMessage(decoded);
  });`;

// The test above measures the heap after decoding; here a heap limit bounds its peak. Node itself takes a few
// megabytes.
const module = new URL('../../dist/primitives/block.js', import.meta.url);
const isBuilt = existsSync(module);
const withWorker = isBuilt || requireOracles ? it : it.skip;

describe('Decoding', () => {
  withWorker(
    `stays within the bound at its peak${isBuilt ? '' : ' (skipped: not built)'}`,
    { timeout: 60_000 },
    async () => {
      const maxOldGenerationSizeMb = Math.ceil((FACTOR * SIZE) / (1 << 20)) + 16;
      const worker = new Worker(script, {
        eval: true,
        workerData: { module: module.href, blocks: Object.values(blocks) },
        resourceLimits: { maxOldGenerationSizeMb, maxYoungGenerationSizeMb: 8 },
      });
      const decoded = await new Promise((resolve, reject) => {
        worker.on('message', resolve).on('error', reject);
      });
      expect(decoded).toBe(Object.keys(blocks).filter((what) => !what.endsWith('announced')).length);
    },
  );
});

import { readFile, writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { UsageError } from '../../node/config.ts';
import type { FinderProgress } from '../../node/payment-finder.ts';
import { PierError } from '../../platform/errors.ts';
import { type CommonOptions, nodeOptions } from '../options.ts';
import { note, printResult } from '../output.ts';
import { paymentPicture } from '../payment-picture.ts';
import { StatusLine } from '../status-line.ts';

interface VerifyCliOptions extends CommonOptions {
  readonly node?: string[];
  readonly block?: string;
  readonly address?: string;
  readonly proof?: string;
  readonly checkpoint?: string;
  readonly export?: string;
  readonly headersFrom?: string;
}

const repeatable = (value: string, previous: string[] = []) => [...previous, value];

export function addVerify(program: Command): void {
  nodeOptions(program.command('verify'))
    .description(
      'prove that a block holds a transaction, by headers and a merkle proof, and say what that does not prove',
    )
    .argument('[txid]', 'the transaction; with --proof, the one that the proof has to be of')
    .option('--node <host:port>', 'node to ask; may be repeated (default: 127.0.0.1:3000)', repeatable)
    .option('--block <hash|height>', 'the block that holds it')
    .option('--address <address>', 'an address that it pays, by which block filters find it (BIP157)')
    .option('--proof <file>', 'verify this proof, asking nobody; - for standard input')
    .option('--checkpoint <height:hash>', 'a block that you know to be of the chain')
    .option('--export <file>', 'write the proof to a file, for others to verify')
    .option('--headers-from <height>', 'begin the headers of the proof there; to verify it takes a checkpoint')
    .action(async (txid: string | undefined, options: VerifyCliOptions) => {
      const { verifyConfig, exportProof } = await import('../../commands/verify.ts');
      const { paymentReport } = await import('../../spv/verify/payment-report.ts');
      const { nodeId, datadir: dataDir, network, node: nodes } = options;
      const config = verifyConfig({ ...{ nodeId, dataDir, network, nodes } });
      const { verdict, proof, source } = await verify(config, txid, options);
      const report = paymentReport(verdict);
      const exported = () => exportProof(config, proof, options.headersFrom);
      if (options.export !== undefined && report.verified) await write(options.export, JSON.stringify(exported()));
      if (options.json) printResult(true, { ...report, source, ...(report.verified && { proof: exported() }) }, String);
      else printResult(false, report, (each) => paymentPicture(each, { network: config.params.network, source }));
      if (!report.verified) process.exitCode = 1;
    });
}

async function verify(
  config: Parameters<typeof import('../../commands/verify.ts').verifyTransaction>[0],
  txid: string | undefined,
  { proof, node, block, address, checkpoint, json }: VerifyCliOptions,
) {
  const { verifyProof, verifyTransaction } = await import('../../commands/verify.ts');
  if (proof !== undefined) {
    if (node ?? block ?? address) {
      throw new UsageError(
        'useless-option',
        'who verifies a proof asks nobody: leave out --node, --block and --address',
      );
    }
    return verifyProof(config, await read(proof), {
      txid,
      checkpoint,
      source: proof === '-' ? 'standard input' : proof,
    });
  }
  if (txid === undefined) {
    throw new UsageError('no-txid', 'there is nothing to verify', {
      hint: 'Give a TXID, or a proof with --proof FILE.',
    });
  }
  const status = process.stderr.isTTY && !json ? new StatusLine(process.stderr) : undefined;
  const progress = ({ stage, height }: FinderProgress) =>
    status?.show(stage === 'headers' ? `Headers: ${height}` : `Looking for the block: down to ${height}`);
  try {
    return await verifyTransaction(config, txid, { block, address, checkpoint, progress });
  } finally {
    status?.show('');
  }
}

async function read(path: string): Promise<string> {
  try {
    return path === '-' ? await text(process.stdin) : await readFile(path, 'utf8');
  } catch (error) {
    throw new PierError('unreadable-file', `${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

async function write(path: string, json: string): Promise<void> {
  try {
    await writeFile(path, `${json}\n`);
  } catch (error) {
    throw new PierError('unwritable-file', `${path} cannot be written: ${(error as Error).message}`, { cause: error });
  }
  note(`The proof is in ${path}: 'pier verify --proof ${path}' verifies it.`);
}

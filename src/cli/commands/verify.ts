import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { UsageError } from '../../node/config.ts';
import type { FinderProgress } from '../../node/payment-finder.ts';
import { PierError } from '../../platform/errors.ts';
import { pierCommand, selectionOf, shellWord } from '../command-text.ts';
import { checkAddress } from '../option-values.ts';
import { type CommonOptions, nodeOptions } from '../options.ts';
import { note, printResult } from '../output.ts';
import { formatPaymentReport } from '../payment-report-text.ts';
import { StatusLine } from '../status-line.ts';
import { t } from '../text/texts.ts';

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

/** Adds the command `verify`. */
export function addVerify(program: Command): void {
  nodeOptions(program.command('verify'))
    .description(
      'verify by headers and a merkle proof that a block contains a transaction, and report what that does not prove',
    )
    .argument('[txid]', 'transaction id; optional with --proof')
    .option(
      '--node <host:port>',
      'node to query; can be repeated (default: the seeds of the network, or 127.0.0.1:3000)',
      repeatable,
    )
    .option('--block <hash|height>', 'block that contains the transaction')
    .option(
      '--address <address>',
      'address that the transaction pays or spends from, to find its block by block filters (BIP157)',
    )
    .option('--proof <file>', 'verify an exported proof offline; - reads standard input')
    .option('--checkpoint <height:hash>', 'trusted block of the chain')
    .option('--export <file>', 'write the proof to a file, for pier verify --proof')
    .option('--headers-from <height>', 'omit earlier headers from the proof; verifying it then needs --checkpoint')
    .action(async (txid: string | undefined, options: VerifyCliOptions) => {
      const { verifyConfig, exportProof } = await import('../../commands/verify.ts');
      const { paymentReport } = await import('../../spv/verify/payment-report.ts');
      const { nodeId, datadir: dataDir, network, node: nodes } = options;
      const config = verifyConfig({ nodeId, dataDir, network, nodes, rpc: { host: options.rpcHost } });
      if (options.address !== undefined) checkAddress('--address', options.address, config.params);
      const { verdict, proof, source } = await verify(config, txid, options);
      const report = paymentReport(verdict);
      const exported = () => exportProof(config, proof, options.headersFrom);
      if (options.export !== undefined && report.verified)
        await write(options.export, JSON.stringify(exported()), options);
      if (options.json) printResult(true, { ...report, source, ...(report.verified && { proof: exported() }) }, String);
      else printResult(false, report, (each) => formatPaymentReport(each, { network: config.params.network, source }));
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
        '--proof verifies offline: it cannot be combined with --node, --block or --address',
      );
    }
    return verifyProof(config, await read(proof), {
      txid,
      checkpoint,
      source: proof === '-' ? 'standard input' : proof,
    });
  }
  if (txid === undefined) {
    throw new UsageError('no-txid', 'no transaction to verify', {
      hint: 'Give a txid, or a proof with --proof FILE.',
    });
  }
  const status = process.stderr.isTTY && !json ? new StatusLine(process.stderr) : undefined;
  const progress = ({ stage, height }: FinderProgress) =>
    status?.show(stage === 'headers' ? t`Headers: ${height}` : t`Searching for the block: down to height ${height}`);
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
    const message = `--proof '${path}' cannot be read: ${(error as Error).message}`;
    throw new UsageError('unreadable-file', message, { cause: error });
  }
}

async function write(path: string, json: string, options: CommonOptions): Promise<void> {
  try {
    await writeFile(path, `${json}\n`);
  } catch (error) {
    const isPathWrong = ['ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES'].includes((error as NodeJS.ErrnoException).code!);
    const FileError = isPathWrong ? UsageError : PierError;
    throw new FileError('unwritable-file', `--export '${path}' cannot be written: ${(error as Error).message}`, {
      hint: isPathWrong
        ? 'Choose another file.'
        : 'What the file holds is no proof. Free space on its disk, or choose another file.',
      cause: error,
    });
  }
  const { datadir: _datadir, nodeId: _nodeId, ...selection } = selectionOf(options);
  const command = pierCommand('verify', selection, `--proof ${shellWord(resolve(path))}`);
  note(t`Wrote the proof to ${path}. Verify it with: ${command}`);
}

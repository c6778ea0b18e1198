import type { Command } from 'commander';
import type { PrintedBlock } from '../../commands/print-chain.ts';
import { UsageError } from '../../node/config.ts';
import { checkAddress } from '../option-values.ts';
import { type CommonOptions, configOf, nodeOptions } from '../options.ts';
import { bold, dim, note, print, printResult } from '../output.ts';
import { writeStdout } from '../stdout.ts';
import { t } from '../text/texts.ts';
import { padEnd } from '../text/width.ts';
import { type Waiting, waiting } from '../waiting.ts';

/** Adds the commands `createblockchain`, `minegenesis`, `printchain` and `reindexutxo`. */
export function addChainCommands(program: Command): void {
  nodeOptions(program.command('createblockchain'))
    .description('create a blockchain whose first blocks pay an address; one reward is spendable')
    .requiredOption('--address <address>', 'address that the block rewards pay')
    .action(async (options: CommonOptions & { address: string }) => {
      const config = configOf(options);
      checkAddress('--address', options.address, config.params);
      const { createBlockchain } = await import('../../commands/create-blockchain.ts');
      const { network, powNoRetargeting } = config.params;
      const { address } = options;
      const created = await waiting(t`Mining`, (progress) =>
        createBlockchain(config, {
          address,
          // Without work, the blocks take less than a second.
          ...(powNoRetargeting ? {} : { onProgress: showMining(progress, network) }),
        }),
      );
      printResult(options.json, created, ({ file, height, bestblockhash }) =>
        [`${bold(t`Created`)} ${file}`, t`height ${height}, best block ${bestblockhash}`].join('\n'),
      );
    });

  program
    .command('minegenesis')
    .description('mine the genesis block that a network file describes')
    .argument('<file>', 'the network file')
    .option('--json', 'print errors as JSON too')
    .action(async (file: string) => {
      const { mineGenesis } = await import('../../commands/mine-genesis.ts');
      const proven = await waiting(t`Searching for the nonce`, () => mineGenesis(file));
      print(JSON.stringify(proven, null, 2));
    });

  nodeOptions(program.command('printchain'))
    .description('print the blocks of the chain, newest first')
    .option('--limit <count>', 'print at most this many blocks')
    .action(async (options: CommonOptions & { limit?: string }) => {
      const limit = options.limit === undefined ? undefined : Number(options.limit);
      if (limit !== undefined && !(Number.isSafeInteger(limit) && limit > 0)) {
        throw new UsageError('bad-limit', `--limit '${options.limit}' is not a positive integer`);
      }
      const config = configOf(options);
      const { printChain } = await import('../../commands/print-chain.ts');
      let separator = '[\n';
      const count = await printChain(config, limit === undefined ? {} : { limit }, (block) => {
        if (!options.json) return print(formatBlock(block));
        writeStdout(separator + JSON.stringify(block, null, 2));
        separator = ',\n';
      });
      if (options.json) print(count === 0 ? '[]' : '\n]');
    });

  nodeOptions(program.command('reindexutxo'))
    .description('rebuild the UTXO set from the stored blocks; the node must be stopped')
    .action(async (options: CommonOptions) => {
      const { reindexUtxo } = await import('../../commands/reindex-utxo.ts');
      const result = await waiting(t`Opening the files`, (progress) =>
        reindexUtxo(configOf(options), (done, total) => progress.show(t`block ${done} of ${total}`)),
      );
      if (!options.json) note(t`Rebuilt the UTXO set.`);
      printResult(options.json, result, ({ blocks, coins }) => t`${blocks} blocks, ${coins} unspent outputs`);
    });
}

/** Returns what shows the progress of mining, which is announced once it begins. */
function showMining(progress: Waiting, network: string): (blocks: number, total: number) => void {
  return (blocks, total) => {
    if (blocks === 0) {
      progress.end();
      note(t`Mining ${total} blocks with the proof of work of ${network} ...`);
    }
    progress.show(t`block ${blocks} of ${total}`);
  };
}

function formatBlock(block: PrintedBlock): string {
  const line = (label: string, value: string) => `  ${padEnd(label, 11)}  ${value}`;
  const lines = [
    `${bold(t`Block ${block.height}`)}  ${block.hash}`,
    line(t`previous`, block.previousblockhash ?? t`(none: genesis block)`),
    line(t`merkle root`, block.merkleroot),
    line(t`time`, new Date(block.time * 1000).toISOString()),
    line(t`work`, t`bits ${block.bits}, nonce ${block.nonce}`),
  ];
  for (const tx of block.tx) {
    lines.push(`  ${dim(t`transaction`)}  ${tx.txid}`);
    for (const input of tx.vin) {
      lines.push(input.coinbase === undefined ? `    ${t`from`} ${input.txid}:${input.vout}` : '    coinbase');
    }
    for (const { value, scriptPubKey } of tx.vout) {
      lines.push(`    ${padEnd(t`to`, 4)} ${scriptPubKey.address ?? scriptPubKey.type}  ${value.toFixed(8)} BTC`);
    }
  }
  return `${lines.join('\n')}\n`;
}

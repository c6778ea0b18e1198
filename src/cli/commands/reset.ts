import type { Command } from 'commander';
import { isPublicNetwork } from '../../node/composition/settings.ts';
import { UsageError } from '../../node/composition/usage-error.ts';
import { DEFAULT_NETWORK, resolveDataDir } from '../../node/config.ts';
import { findNetwork } from '../../node/networks.ts';
import { PierError } from '../../platform/errors.ts';
import { type CommonOptions, networkOptions } from '../options.ts';
import { printResult } from '../output.ts';
import { t } from '../text/texts.ts';
import { waiting } from '../waiting.ts';
import { withClient } from './control-commands.ts';

interface ResetOptions extends CommonOptions {
  readonly name?: string;
  readonly files?: boolean;
  readonly yes?: boolean;
}

/** Adds the command `reset`. */
export function addReset(program: Command): void {
  networkOptions(
    program
      .command('reset')
      .description(
        'give the network that runs the state in which it was created; or remove files of nodes that do not run',
      )
      .option('--name <network>', 'the network, if several run')
      .option('--files', 'remove the files of all nodes in the data directory, wallets too')
      .option('--yes', 'with --files: remove them, instead of listing them'),
  ).action(async (options: ResetOptions, command: Command) => {
    const { name, files, json, yes } = options;
    const isGiven = (option: string) => command.getOptionValueSource(option) === 'cli';
    const useless = files
      ? [name !== undefined && '--name']
      : ['datadir', 'network', 'yes'].map((option) => isGiven(option) && `--${option}`);
    const [first] = useless.filter((option) => option !== false);
    if (first) {
      throw new UsageError(
        'useless-option',
        files ? `${first} is for a network that runs` : `${first} is for --files`,
        {
          hint: "'pier help reset' lists the options.",
        },
      );
    }
    if (files) {
      const removed = await resetFiles(options, yes === true);
      printResult(json, { removed }, () => t`removed ${removed.join(', ')}`);
    } else {
      await withClient(name, async (client) => {
        const result = await waiting(t`Resetting the network`, () => client.call('reset'));
        printResult(json, result, () => t`the network is as it was created`);
      });
    }
  });
}

async function resetFiles(options: ResetOptions, isConfirmed: boolean): Promise<string[]> {
  const { params } = findNetwork(options.network ?? process.env.PIER_NETWORK ?? DEFAULT_NETWORK);
  const dataDir = resolveDataDir(options.datadir ?? process.env.PIER_DATADIR, params);
  if (isPublicNetwork(params)) {
    throw new PierError('public-network', `the files are of ${params.network}: its coins cannot be mined again`, {
      hint: `Remove what you do not need in ${dataDir} by hand.`,
    });
  }
  const { listNodeFiles, removeNodeFiles } = await import('../../devnet/nodes/system/node-files.ts');
  const names = await listNodeFiles(dataDir);
  if (names.length === 0) {
    throw new PierError('no-files', `there are no files of nodes in ${dataDir}`, {
      hint: 'Choose the folder by --datadir, or the network by --network.',
    });
  }
  if (isConfirmed) return removeNodeFiles(dataDir, params);
  throw new PierError('not-confirmed', `this would remove from ${dataDir}: ${names.join(', ')}`, {
    hint: 'With --yes it does.',
  });
}

import { text } from 'node:stream/consumers';
import { type Command, Option } from 'commander';
import { UsageError } from '../../node/config.ts';
import { MAX_GAP } from '../../wallet/key-pool.ts';
import type { AddressType } from '../../wallet/keys.ts';
import { checkAddress } from '../option-values.ts';
import { type CommonOptions, configOf, nodeOptions, seedOptions } from '../options.ts';
import { bold, note, printResult } from '../output.ts';
import { t } from '../text/texts.ts';
import { waiting } from '../waiting.ts';

type SendCliOptions = CommonOptions & {
  readonly to: string;
  readonly amount: string;
  readonly from?: string;
  readonly feeRate?: string;
  readonly mine?: boolean;
  readonly seed?: string[] | boolean;
};

type CreateWalletCliOptions = CommonOptions & {
  readonly name?: string;
  readonly type: AddressType;
  readonly restore?: boolean;
  readonly gap?: string;
};

/** What is shown while wallets are read. */
const readingText = () => t`Reading the wallets`;

/** Adds the commands `createwallet`, `showmnemonic`, `listaddresses`, `getbalance` and `send`. */
export function addWalletCommands(program: Command): void {
  nodeOptions(program.command('createwallet'))
    .description("add a wallet to the node's wallet file and print its first address")
    .option('--name <name>', 'name of the wallet (default: wallet1, wallet2, ...)')
    .addOption(
      new Option('--type <type>', 'address type: BIP44, BIP49, BIP84 or BIP86')
        .choices(['legacy', 'p2sh-segwit', 'bech32', 'bech32m'])
        .default('bech32'),
    )
    .option(
      '--restore',
      'restore a wallet from its mnemonic, read from standard input; requires --name, and that the node is stopped',
    )
    .option('--gap <keys>', 'with --restore: unused addresses in a row after which the search ends (default: 20)')
    .action(async (options: CreateWalletCliOptions) => {
      if (options.restore) return restore(options);
      if (options.gap !== undefined) throw new UsageError('bad-gap', '--gap requires --restore');
      const { createWallet } = await import('../../commands/create-wallet.ts');
      const { type, name } = options;
      const created = await waiting(t`Creating the wallet`, () =>
        createWallet(configOf(options), { type, ...(name === undefined ? {} : { name }) }),
      );
      printResult(options.json, created, ({ wallet, address }) => `${bold(wallet)}  ${address}`);
    });

  nodeOptions(program.command('showmnemonic'))
    .description('print the mnemonic of each wallet, from which it can be restored; keep it secret')
    .action(async (options: CommonOptions) => {
      const config = configOf(options);
      const { showMnemonics } = await import('../../commands/mnemonic.ts');
      const mnemonics = await waiting(readingText(), () => showMnemonics(config));
      printResult(options.json, mnemonics, (list) =>
        list.map(({ wallet, mnemonic }) => `${bold(wallet)}  ${mnemonic}`).join('\n'),
      );
      for (const { wallet, gap } of mnemonics) {
        if (gap === undefined) continue;
        note(
          t`Wallet '${wallet}' has handed out addresses ${gap} in a row without a payment: restore it with --gap ${gap} or more, or payments to them are not found.`,
        );
      }
    });

  nodeOptions(program.command('listaddresses'))
    .description("list the addresses of the node's wallets")
    .action(async (options: CommonOptions) => {
      const { listAddresses } = await import('../../commands/list-addresses.ts');
      const addresses = await waiting(readingText(), () => listAddresses(configOf(options)));
      printResult(options.json, addresses, (list) =>
        list
          .map(
            ({ wallet, address, path, change }) =>
              `${bold(wallet)}  ${address}  ${path}${change ? `  ${t`(change)`}` : ''}`,
          )
          .join('\n'),
      );
    });

  nodeOptions(program.command('getbalance'))
    .description("print the balances of the node's wallets, or the confirmed balance of an address")
    .option('--address <address>', 'any address, also of other wallets; requires a full node')
    .action(async (options: CommonOptions & { address?: string }) => {
      const config = configOf(options);
      if (options.address !== undefined) checkAddress('--address', options.address, config.params);
      const { getAddressBalance, getBalances } = await import('../../commands/get-balance.ts');
      if (options.address !== undefined) {
        const balance = await waiting(t`Scanning the unspent outputs`, () =>
          getAddressBalance(config, options.address!),
        );
        printResult(options.json, balance, (b) => `${b.address}  ${b.balance.toFixed(8)} BTC`);
        return;
      }
      const balances = await waiting(readingText(), () => getBalances(config));
      printResult(options.json, balances, (list) =>
        list
          .map(({ wallet, trusted, pending, immature }) => {
            const also = [
              ...(pending > 0 ? [t`${pending.toFixed(8)} pending`] : []),
              ...(immature > 0 ? [t`${immature.toFixed(8)} immature`] : []),
            ];
            return `${bold(wallet)}  ${trusted.toFixed(8)} BTC${also.length > 0 ? t` (and ${also.join(t`, `)})` : ''}`;
          })
          .join('\n'),
      );
    });

  seedOptions(nodeOptions(program.command('send')))
    .description('pay an address')
    .requiredOption('--to <address>', 'address to pay')
    .requiredOption('--amount <bitcoins>', 'amount in bitcoins, such as 1.5')
    .option(
      '--from <wallet>',
      'paying wallet, given by its name or one of its addresses; required if there are several',
    )
    .option('--fee-rate <rate>', 'fee rate in satoshis per virtual byte (default: estimated for six blocks)')
    .option('--mine', 'mine a block with the payment on this node; its reward pays the same wallet')
    .action(async ({ to, amount, from, feeRate, mine, ...options }: SendCliOptions) => {
      const { send } = await import('../../commands/send.ts');
      const config = configOf(options, { seed: options.seed });
      checkAddress('--to', to, config.params);
      const payment = {
        ...{ to, amount },
        ...(from === undefined ? {} : { from }),
        ...(feeRate === undefined ? {} : { feeRate }),
        ...(mine ? { mine } : {}),
      };
      const sent = await waiting(mine ? t`Mining a block with the payment` : t`Paying`, () => send(config, payment));
      printResult(options.json, sent, ({ txid, wallet, block }) =>
        [t`${bold(wallet)} pays ${amount} BTC: ${txid}`, ...(block ? [t`mined in block ${block}`] : [])].join('\n'),
      );
    });
}

async function restore(options: CreateWalletCliOptions): Promise<void> {
  const config = configOf(options);
  const { name, type } = options;
  const gap = options.gap === undefined ? undefined : Number(options.gap);
  if (gap !== undefined && !(/^\d+$/.test(options.gap!) && gap >= 1 && gap <= MAX_GAP)) {
    throw new UsageError('bad-gap', `--gap '${options.gap}' is not a whole number from 1 to ${MAX_GAP}`);
  }
  if (name === undefined) throw new UsageError('no-wallet-name', '--restore requires --name');
  if (process.stdin.isTTY) note(t`Type the mnemonic, then Enter and Ctrl-D:`);
  const mnemonic = await text(process.stdin);
  const { restoreWallet } = await import('../../commands/mnemonic.ts');
  const wallet = { name, mnemonic, type, ...(gap === undefined ? {} : { gap }) };
  const restored = await waiting(t`Searching the chain for payments`, () => restoreWallet(config, wallet));
  printResult(options.json, restored, ({ wallet, address }) => `${bold(wallet)}  ${address}`);
}

import { Argument, type Command, Option } from 'commander';
import type { CallableMethod, ControlClient } from '../../control/client/control-client.ts';
import type { ParamsOf, ResultOf } from '../../control/protocol/methods.ts';
import { type NodeRole, nodeRoles } from '../../devnet/topology/network-options.ts';
import { UsageError } from '../../node/composition/usage-error.ts';
import { systemClock } from '../../platform/clock.ts';
import { PierError } from '../../platform/errors.ts';
import { checkParams } from '../control/check-params.ts';
import { formatAccounts, formatFees, formatLoad, formatMining, formatStatus } from '../control/status-text.ts';
import { drained, drawAtEvents } from '../control/watch-status.ts';
import { nodeWord } from '../node-words.ts';
import { checkNameOption } from '../option-values.ts';
import { note, print, printResult } from '../output.ts';
import { aborted, interruption } from '../signals.ts';
import { stdoutFailed } from '../stdout.ts';
import { t } from '../text/texts.ts';
import { waiting } from '../waiting.ts';

/** What is shown while the network does what a command has asked for. */
const waitingText = () => t`Waiting for the network`;

/** Options of all commands that control a network. */
export interface ControlOptions {
  readonly name?: string;
  readonly json?: boolean;
}

/** What one command sends, and how it prints the result for people. */
interface ControlCommand<M extends CallableMethod> {
  readonly method: M;
  params(args: readonly (string | undefined)[], options: Readonly<Record<string, string & boolean>>): ParamsOf<M>;
  format(result: ResultOf<M>, args: readonly (string | undefined)[]): string;
  /** Arguments that are called otherwise than their parameters: see `checkParams`. */
  readonly words?: Readonly<Record<string, string>>;
}

/** Adds a command that calls one method of a network's control server. */
function addControlCommand<M extends CallableMethod>(
  command: Command,
  { method, params, format, words }: ControlCommand<M>,
): void {
  controlOptions(command).action(async (...all: unknown[]) => {
    const options = command.opts<ControlOptions & Record<string, string & boolean>>();
    const args = all.slice(0, command.registeredArguments.length).flat() as (string | undefined)[];
    const given = params(args, options);
    await checkParams(command, method, given, words);
    await withClient(options.name, async (client) => {
      const result = await waiting(waitingText(), () => client.call(method, given));
      printResult(options.json, result, (each) => format(each as ResultOf<M>, args));
    });
  });
}

/** Adds the options of `ControlOptions`. */
export function controlOptions(command: Command, json = 'print results and errors as JSON'): Command {
  return command.option('--name <network>', 'the network, if several run').option('--json', json);
}

/** Calls `action` with a client of a network that runs; without a name, of the only one. */
export async function withClient<T>(
  name: string | undefined,
  action: (client: ControlClient) => Promise<T>,
): Promise<T> {
  checkNameOption(name);
  const { findRecord } = await import('../../control/control-record.ts');
  const { connectControl } = await import('../../control/client/connect.ts');
  const client = await connectControl(await findRecord(name));
  try {
    return await action(client);
  } finally {
    await client.close();
  }
}

/** Returns whether an error says that the connection has ended, as it does with the network. */
export function isDisconnection(error: unknown): boolean {
  return error instanceof PierError && error.code === 'disconnected';
}

/** Returns a number in an argument or option. Throws `UsageError` 'bad-argument', which names it. */
export function number(what: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  throw new UsageError('bad-argument', `${what} '${text}' is not a number`);
}

/** When a network can mine by itself. */
const miningModes = ['manual', 'transactions', 'interval', 'poisson'] as const;

/** Throws `UsageError` 'bad-argument' for a number that the mode lacks or does not take. */
function miningParams(mode: (typeof miningModes)[number] | undefined, count: number | undefined): ParamsOf<'mining'> {
  if (mode === undefined) return {};
  if (mode === 'transactions') return { mode: { transactions: count ?? 1 } };
  if ((mode === 'manual') !== (count === undefined)) {
    const fault = count === undefined ? 'needs a number of seconds' : 'takes no number';
    throw new UsageError('bad-argument', `pier mining ${mode} ${fault}`);
  }
  return { mode: mode === 'manual' ? mode : { interval: count!, ...(mode === 'poisson' ? { poisson: true } : {}) } };
}

/** Returns the number of an account; of another text, the text: the name of a wallet, or an address. */
const payee = (text: string) => (/^-?\d{1,9}(\.\d*)?$/.test(text) ? Number(text) : text);

const blocks = (hashes: readonly string[]) => (hashes.length === 1 ? t`${1} block` : t`${hashes.length} blocks`);

function formatLink({ from, to, isCut, latency, jitter, loss, bandwidth }: ResultOf<'link'>): string {
  if (isCut) return t`${from} - ${to}: cut`;
  return bandwidth === 0
    ? t`${from} - ${to}: latency ${latency} ms, jitter ${jitter} ms, loss ${loss}, bandwidth unlimited`
    : t`${from} - ${to}: latency ${latency} ms, jitter ${jitter} ms, loss ${loss}, bandwidth ${bandwidth} B/s`;
}

/** Adds the commands that control a network which runs. */
export function addControlCommands(program: Command): void {
  addStatus(program);
  addControlCommand(
    program
      .command('mine')
      .description('mine blocks in the network')
      .argument('[blocks]', 'number of blocks', '1')
      .option('--by <node>', 'the node that mines (default: the miner, or the first full node)')
      .option(
        '--to <account|address>',
        'what the blocks pay to: number or wallet of an account, or an address (default: the faucet)',
      )
      .option('--time <seconds>', 'time of the first block, in seconds since the Unix epoch'),
    {
      method: 'mine',
      params: ([count], { by, to, time }) => ({
        blocks: number('blocks', count),
        by,
        to: to === undefined ? undefined : payee(to),
        time: number('--time', time),
      }),
      format: ({ hashes }) => hashes.join('\n'),
    },
  );
  addControlCommand(
    program
      .command('mining')
      .description('show or set when the network mines by itself')
      .addArgument(
        new Argument('[mode]', 'never, at transactions in the mempool, or in intervals').choices(miningModes),
      )
      .argument('[number]', 'transactions (default: 1), or seconds; poisson: on average'),
    {
      method: 'mining',
      params: ([mode, count]) =>
        miningParams(mode as (typeof miningModes)[number] | undefined, number('number', count)),
      format: ({ mode }) => t`mining ${formatMining(mode)}`,
      words: { mode: 'number' },
    },
  );
  addControlCommand(program.command('accounts').description("list the network's accounts, their keys and balances"), {
    method: 'accounts',
    params: () => ({}),
    format: (result) => formatAccounts(result, process.stdout.columns),
  });
  addControlCommand(
    program
      .command('faucet')
      .description('pay from the coins that mining earned')
      .argument('<account|address>', 'what is paid: number or wallet of an account, or an address')
      .argument('<bitcoins>', 'such as 1.5'),
    {
      method: 'faucet',
      params: ([to, amount]) => ({ to: payee(to!), amount: amount! }),
      format: ({ txid }) => txid,
      words: { to: 'account|address', amount: 'bitcoins' },
    },
  );
  addControlCommand(
    program
      .command('pay')
      .description('pay from an account of the network')
      .argument('<from>', 'number or wallet of the account')
      .argument('<to>', 'number or wallet of another account, or an address')
      .argument('<bitcoins>', 'such as 1.5')
      .option('--fee-rate <rate>', 'satoshis per virtual byte'),
    {
      method: 'pay',
      params: ([from, to, amount], { feeRate }) => ({
        ...{ from: payee(from!), to: payee(to!), amount: amount!, feeRate: number('--fee-rate', feeRate) },
      }),
      format: ({ txid }) => txid,
      words: { amount: 'bitcoins' },
    },
  );
  addControlCommand(
    program
      .command('doublespend')
      .description('spend the coins of an unconfirmed payment of an account again, with a higher fee')
      .argument('<txid>', 'transaction id of the payment')
      .option(
        '--to <account|address>',
        'what gets the coins: number or wallet of an account, or an address (default: the account that has paid)',
      )
      .option('--fee-rate <rate>', 'satoshis per virtual byte (default: enough to replace the payment)'),
    {
      method: 'doublespend',
      params: ([txid], { to, feeRate }) => ({
        ...{ txid: txid!.toLowerCase(), to: to === undefined ? undefined : payee(to) },
        feeRate: number('--fee-rate', feeRate),
      }),
      format: ({ txid }) => txid,
    },
  );
  addControlCommand(
    program
      .command('reorg')
      .description('let blocks of another branch win')
      .argument('[depth]', 'number of blocks that lose', '1')
      .option('--blocks <count>', 'number of blocks that win (default: one more)')
      .option('--by <node>', 'the node that gets the winning blocks first'),
    {
      method: 'reorg',
      params: ([depth], options) => ({
        ...{ depth: number('depth', depth), blocks: number('--blocks', options.blocks), by: options.by },
      }),
      format: ({ lost, won }) => t`${blocks(lost)} lost, ${blocks(won)} won: the tip is ${won.at(-1)}`,
    },
  );
  addControlCommand(
    program
      .command('partition')
      .description('cut the links between groups of nodes, besides those that are cut; nodes in no group form one more')
      .argument('<groups...>', 'names of nodes, separated by commas: node1,node2 node3'),
    {
      method: 'partition',
      params: (groups) => ({ groups: groups.map((group) => group!.split(',')) }),
      format: ({ cut }) => (cut.length === 1 ? t`${1} link is cut` : t`${cut.length} links are cut`),
    },
  );
  addControlCommand(program.command('heal').description('mend all links, and wait until the nodes agree'), {
    method: 'heal',
    params: () => ({}),
    format: () => t`all links are mended, and the nodes agree`,
  });
  addControlCommand(
    program
      .command('link')
      .description('show or change the link between two nodes')
      .argument('<node>')
      .argument('<other>')
      .option('--latency <ms>', 'milliseconds that a message takes')
      .option('--jitter <ms>', 'milliseconds that it takes more, at random')
      .option('--loss <share>', 'share of messages that are sent again, 0 to 1')
      .option('--bandwidth <bytes>', 'bytes per second; 0: no limit')
      .option('--cut', 'let it carry nothing')
      .option('--mend', 'let it carry again'),
    {
      method: 'link',
      params: ([node, other], options) => {
        if (options.cut && options.mend) throw new UsageError('bad-argument', '--cut and --mend exclude each other');
        return {
          between: [node!, other!],
          ...Object.fromEntries(
            ['latency', 'jitter', 'loss', 'bandwidth'].flatMap((name) =>
              options[name] === undefined ? [] : [[name, number(`--${name}`, options[name])]],
            ),
          ),
          ...(options.cut ? { cut: true } : options.mend ? { cut: false } : {}),
        };
      },
      format: formatLink,
      words: { 'between[0]': 'node', 'between[1]': 'other' },
    },
  );
  addControlCommand(
    program
      .command('time')
      .description("show or change the network's time")
      .option('--set <seconds>', 'seconds since the Unix epoch')
      .option('--increase <seconds>', 'move it; negative: back')
      .option('--freeze', 'stop it')
      .option('--resume', 'let it run'),
    {
      method: 'time',
      params: (_, { set, increase, freeze, resume }) => {
        if (freeze && resume) throw new UsageError('bad-argument', '--freeze and --resume exclude each other');
        return {
          ...{ set: number('--set', set), increase: number('--increase', increase) },
          ...(freeze ? { frozen: true } : resume ? { frozen: false } : {}),
        };
      },
      format: ({ time }) => `${time} (${new Date(time * 1_000).toISOString().replace('.000Z', 'Z')})`,
    },
  );
  addControlCommand(
    program
      .command('fees')
      .description('show or set the fee rate at which transactions confirm')
      .argument('[rate]', 'satoshis per virtual byte; 0: any, and the backlog stays in the mempools, out of blocks'),
    {
      method: 'fees',
      params: ([rate]) => ({ rate: number('rate', rate) }),
      format: formatFees,
    },
  );
  addControlCommand(
    program
      .command('load')
      .description('let the accounts pay each other at random')
      .option('--count <payments>', 'number of payments (default: 100, or as many as fit into the seconds)')
      .option('--seconds <seconds>', 'how long')
      .option('--rate <payments>', 'payments per second (default: as many as the nodes make)')
      .option('--conflicts <share>', 'share of payments that are replaced, 0 to 1')
      .option('--chains <share>', 'share of payments that spend the change of the one before, 0 to 1')
      .option('--seed <number>', 'seed of everything random'),
    {
      method: 'load',
      params: (_, options) =>
        Object.fromEntries(
          ['count', 'seconds', 'rate', 'conflicts', 'chains', 'seed'].flatMap((name) =>
            options[name] === undefined ? [] : [[name, number(`--${name}`, options[name])]],
          ),
        ),
      format: formatLoad,
    },
  );
  addSnapshot(program);
  addControlCommand(
    program
      .command('add')
      .description('add a node to the network, which downloads the chain from the nodes that it is linked to')
      // An argument: the option --name names the network.
      .argument('[new-node]', 'its name (default: the next of node1, node2 and so on that is free)')
      .addOption(new Option('--role <role>', 'what it does (default: full)').choices(nodeRoles))
      .option(
        '--link <node>',
        'a node that it is linked to; again for each other (default: the central node, or the first two full nodes)',
        (node: string, before: readonly string[] = []) => [...before, node],
      ),
    {
      method: 'node.add',
      params: ([node], { role, link }) => ({
        ...{ role: role as NodeRole | undefined, name: node },
        links: link as unknown as string[] | undefined,
      }),
      format: ({ name, role, height }) => t`${name} (${nodeWord(role)}) runs: height ${height}`,
      words: { name: 'new-node', links: '--link' },
    },
  );
  for (const [method, what, done] of [
    ['start', 'start a node that was stopped or killed', (node: string) => t`${node} runs`],
    ['stop', 'stop a node in order', (node: string) => t`${node} is stopped`],
    ['kill', 'end a node as SIGKILL would', (node: string) => t`${node} is killed`],
    ['pause', 'hold a node back as SIGSTOP would', (node: string) => t`${node} is paused`],
    ['resume', 'let a paused node go on', (node: string) => t`${node} runs again`],
  ] as const) {
    addControlCommand(program.command(method).description(`${what} (of a network)`).argument('<node>', 'its name'), {
      method,
      params: ([node]) => ({ node: node! }),
      format: (_, [node]) => done(node!),
    });
  }
  addDown(program);
}

function addDown(program: Command): void {
  const command = controlOptions(program.command('down').description('stop the network that runs in another terminal'));
  command.action(async (options: ControlOptions) => {
    await withClient(options.name, async (client) => {
      const result = await waiting(waitingText(), async () => {
        // Of a network that another command stops, the end may come before the answer.
        const answer = await client.call('down').catch((error: unknown) => {
          if (!isDisconnection(error)) throw error;
          return null;
        });
        await client.closed;
        return answer;
      });
      printResult(options.json, result, () => t`the network is stopped`);
    });
  });
}

function addStatus(program: Command): void {
  const command = controlOptions(program.command('status').description('show the nodes of the network that runs'));
  command
    .option('--watch', 'show them again at each change')
    .action(async (options: ControlOptions & { watch?: boolean }) => {
      await withClient(options.name, async (client) => {
        const show = async () => {
          const status = await client.call('status');
          const isScreen = options.watch === true && process.stdout.isTTY;
          if (isScreen) process.stdout.write('\u001b[H\u001b[2J');
          if (options.json) print(JSON.stringify(status, null, options.watch ? undefined : 2));
          else print(formatStatus(status, process.stdout.columns));
        };
        if (!options.watch) return show();
        const events = await client.events();
        void Promise.race([aborted(interruption()), stdoutFailed]).then(() => events.close());
        await show();
        const draw = async () => {
          // A slow reader gets fewer drawings.
          await drained(process.stdout);
          await show();
        };
        await drawAtEvents(events, systemClock, draw).catch((error: unknown) => {
          if (!isDisconnection(error)) throw error;
          note(t`The network has stopped.`);
        });
      });
    });
}

/** What `snapshot` does. */
const actions = ['save', 'list', 'restore', 'delete'] as const;
type Action = (typeof actions)[number];

function addSnapshot(program: Command): void {
  const command = program
    .command('snapshot')
    .description('keep the state of the network until it is stopped, or restore it')
    .addArgument(new Argument('<action>', 'what to do').choices(actions))
    .argument('[snapshot]', 'its name (save: default the next number)');
  controlOptions(command).action(async (chosen: Action, name: string | undefined, options: ControlOptions) => {
    if ((chosen === 'restore' || chosen === 'delete') && name === undefined) {
      throw new UsageError('bad-argument', `pier snapshot ${chosen} needs the name of a snapshot`, {
        hint: "'pier snapshot list' lists them.",
      });
    }
    if (name !== undefined) await checkParams(command, 'snapshot.save', { name }, { name: 'snapshot' });
    await withClient(options.name, async (client) => {
      const call = <M extends CallableMethod>(
        method: M,
        params: ParamsOf<M>,
        format: (result: ResultOf<M>) => string,
      ) =>
        waiting(waitingText(), () => client.call(method, params)).then((result) =>
          printResult(options.json, result, format),
        );
      const format = ({ name: saved, height }: ResultOf<'snapshot.save'>) =>
        height === null ? t`${saved}: no node ran` : t`${saved}: height ${height}`;
      if (chosen === 'save') await call('snapshot.save', { name }, format);
      else if (chosen === 'restore') await call('snapshot.restore', { name: name! }, format);
      else if (chosen === 'delete') await call('snapshot.delete', { name: name! }, () => t`${name} is deleted`);
      else {
        await call('snapshot.list', {}, ({ snapshots }) =>
          snapshots.length === 0 ? t`no snapshots` : snapshots.map(format).join('\n'),
        );
      }
    });
  });
}

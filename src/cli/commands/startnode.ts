import { type Command, Option } from 'commander';
import type { StartedNode, StartNodeOptions } from '../../commands/start-node.ts';
import type { ParentLink } from '../../devnet/processes/parent-link.ts';
import { PARENT_LINK } from '../../devnet/processes/parent-messages.ts';
import type { NodeModules } from '../../node/composition/running-node.ts';
import { type NodeConfig, UsageError } from '../../node/config.ts';
import type { FullNode } from '../../node/full-node.ts';
import type { LightNode } from '../../node/light-node.ts';
import type { LogOutput } from '../../node/log-output.ts';
import type { LogLevel } from '../../node/logging.ts';
import { PierError } from '../../platform/errors.ts';
import { checkAddress } from '../option-values.ts';
import { type CommonOptions, configOf, nodeOptions, seedOptions } from '../options.ts';
import { note, print } from '../output.ts';
import { aborted, interruption, onHangup } from '../signals.ts';
import { StatusLine, type Terminal } from '../status-line.ts';
import { stdoutFailed } from '../stdout.ts';
import { syncLine } from '../sync-display.ts';
import { t } from '../text/texts.ts';
import { portUser } from '../up/port-user.ts';

interface StartOptions extends CommonOptions {
  readonly seed?: string[] | boolean;
  readonly spv?: boolean;
  readonly bloom?: boolean;
  readonly miner?: string;
  readonly mineAtTxs?: string;
  readonly minerThreads?: string;
  readonly blockfilterindex: boolean;
  readonly blocksOnly?: boolean;
  readonly trickle?: boolean;
  readonly peerbloomfilters?: boolean;
  readonly host?: string;
  readonly publicAddresses?: boolean;
  readonly v2: boolean;
  readonly maxConnections?: string;
  readonly logLevel: LogLevel;
  readonly minimumchainwork?: string;
  readonly withParent?: boolean;
  readonly autoConnect: boolean;
  readonly relaxedDurability?: boolean;
}

/** Adds the command `startnode`. */
export function addStartNode(program: Command): void {
  const command = nodeOptions(program.command('startnode')).description("run the node until Ctrl-C or 'pier rpc stop'");
  seedOptions(command)
    .option('--spv', 'run a light node: it syncs headers, and finds and proves payments by block filters (BIP157)')
    .option(
      '--bloom',
      'with --spv: find payments by Bloom filters (BIP37), which reveal most of your addresses to peers',
    )
    .option('--miner <address>', 'mine blocks whose rewards pay this address')
    .option(
      '--mine-at-txs <count>',
      'number of transactions in the mempool at which a block is mined; 0 mines continuously',
      '2',
    )
    .option(
      '--miner-threads <count>',
      'threads that search for proof of work (default: the number of processors less one)',
    )
    .option('--blocks-only', 'do not accept transactions from peers')
    .option('--no-blockfilterindex', 'do not index and serve block filters (BIP157) for light clients')
    .option('--trickle', 'announce transactions after random delays (default on public networks)')
    .option('--no-trickle', 'announce transactions at once (default on local networks)')
    .option('--peerbloomfilters', 'serve Bloom filters (BIP37) to light clients')
    .option('--host <address>', 'address to accept peers on', '127.0.0.1')
    .option('--public-addresses', 'connect to public addresses that peers announce (default on public networks)')
    .option('--no-public-addresses', 'connect to announced addresses of this machine and of private networks only')
    .option('--no-v2', 'use only the unencrypted v1 transport (default: BIP324 with peers that support it)')
    .option('--no-auto-connect', 'connect to seeds and added nodes only')
    .option('--max-connections <count>', 'maximum number of connections, without those to seeds and added nodes', '125')
    .addOption(
      new Option('--log-level <level>', 'lowest level of the log lines that are written')
        .choices(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
        .default('info'),
    )
    .option(
      '--minimumchainwork <hex>',
      'minimum chainwork of headers before they are stored (default: that of the network)',
    )
    .option('--relaxed-durability', 'do not wait until files are on disk: faster, but a power failure may destroy them')
    .option('--with-parent', 'stop when standard input closes, that is, when the parent process exits')
    .action(async (options: StartOptions) => {
      const config = configOf(options, {
        seed: options.seed,
        minimumChainWork: options.minimumchainwork,
        store: { relaxedDurability: options.relaxedDurability },
        chain: { blockFilterIndex: options.blockfilterindex },
        mining: { address: options.miner, mineAtTxs: options.mineAtTxs, threads: options.minerThreads },
        p2p: {
          host: options.host,
          v2Transport: options.v2,
          maxConnections: options.maxConnections,
          maxOutbound: options.autoConnect ? undefined : 0,
          blocksOnly: options.blocksOnly,
          trickle: options.trickle,
          bloomFilters: options.peerbloomfilters,
          publicAddresses: options.publicAddresses,
        },
        light: { bloom: options.bloom },
      });
      if (options.miner !== undefined) checkAddress('--miner', options.miner, config.params);
      const { loggerOn } = await import('../../node/logging.ts');
      const { stderrOutput } = await import('../../node/log-output.ts');
      const { IdleMemory, thisProcess } = await import('../../node/idle-memory.ts');
      const { MessageMemory } = await import('../../node/message-memory.ts');
      const log = stderrOutput();
      onHangup(() => log.reopen());
      const status = process.stderr.isTTY && !options.json ? new StatusLine(terminalOf(log)) : undefined;
      const printAbove = status && ((lines: string) => status.print(lines));
      const logger = loggerOn(log, { level: options.logLevel, nodeId: config.nodeId, print: printAbove });
      const signal = interruption();
      const link = options.withParent ? await openParentLink() : undefined;
      const parent = options.withParent ? parentGone().then(() => link?.parentGone()) : new Promise<never>(() => {});
      try {
        const modules = { ...link?.modules, logger, signal };
        // Its network connects it.
        const downloads = link ? { downloads: true } : {};
        const started = await start(link?.configure(config) ?? config, options, modules, downloads).catch(
          async (error: unknown) => {
            if (error !== signal.reason) throw await startError(error, options, config);
          },
        );
        if (!started) return;
        const { node, rpc } = started;
        link?.attach(node);
        const memory = thisProcess();
        const idleMemory = new IdleMemory(node.clock, memory);
        idleMemory.start();
        const messageMemory = new MessageMemory(memory);
        node.connections.events.on('message', ({ bytes }) => messageMemory.moved(bytes));
        try {
          const p2p = `${config.p2p.host}:${config.nodeId}`;
          if (options.json) {
            const { host, port, cookieFile } = rpc;
            print(JSON.stringify({ event: 'ready', pid: process.pid, p2p, rpc: { host, port, cookieFile } }));
          } else {
            const { nodeId, params } = config;
            note(
              options.spv
                ? t`Node ${nodeId} (${params.network}) runs as a light node and serves RPC on port ${rpc.port}.`
                : t`Node ${nodeId} (${params.network}) accepts peers on ${p2p} and serves RPC on port ${rpc.port}.`,
            );
            if (status) {
              node.processor.events.on('progress', (progress) => status.show(syncLine(progress, status.width)));
            }
          }
          await Promise.race([aborted(signal), stdoutFailed, node.stopped, parent]);
        } finally {
          idleMemory.stop();
          status?.show('');
          const stopped = node.stop();
          // After a failure, errors during shutdown are ignored.
          await (node.failure === undefined ? stopped : stopped.catch(() => {}));
        }
        if (node.failure !== undefined) throw node.failure;
      } finally {
        await link?.close();
      }
    });
}

/** Returns the link to the network that started this process; undefined if a plain parent did. */
async function openParentLink(): Promise<ParentLink | undefined> {
  if (process.env[PARENT_LINK] === undefined || process.send === undefined) return undefined;
  const { ParentLink } = await import('../../devnet/processes/parent-link.ts');
  return ParentLink.open();
}

/**
 * Returns the error to report for one of a start: a `UsageError` if an address is none of this machine, and what is known
 * of a program that uses a port.
 */
async function startError(
  error: unknown,
  { host, rpcHost }: StartOptions,
  { nodeId, rpc, p2p }: NodeConfig,
): Promise<unknown> {
  if (!(error instanceof PierError)) return error;
  if (error.code === 'port-taken' || error.code === 'rpc-port-taken') {
    const user = error.code === 'port-taken' ? portUser(nodeId, p2p.host) : portUser(rpc.port, rpc.host);
    return new PierError(error.code, error.message.replace('another program uses', `${await user} uses`), {
      hint: 'Stop that program, which may be another node, or choose another NODE_ID.',
      cause: error,
    });
  }
  const code = (error.cause as NodeJS.ErrnoException | undefined)?.code;
  if (!['EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN'].includes(code!)) return error;
  const option = error.code === 'rpc-listen-failed' ? `--rpc-host '${rpcHost}'` : `--host '${host}'`;
  return new UsageError('bad-host', `${option} is not an address of this machine: ${error.message}`, { cause: error });
}

/** Options of a full node that a light node does not support. */
const fullOnly = ['miner', 'minerThreads', 'blocksOnly', 'peerbloomfilters'] as const;

async function start(
  config: NodeConfig,
  options: StartOptions,
  modules: Partial<NodeModules>,
  downloads: StartNodeOptions,
): Promise<StartedNode<FullNode | LightNode>> {
  const { startNode, startLightNode } = await import('../../commands/start-node.ts');
  if (!options.spv && options.bloom) {
    throw new UsageError(
      'not-light',
      '--bloom requires --spv: only a light node searches for payments by Bloom filters',
    );
  }
  if (!options.spv) return startNode(config, modules, downloads);
  const unsupported = fullOnly.find((option) => options[option] !== undefined);
  if (unsupported !== undefined) {
    const name = unsupported.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new UsageError('not-light', `a light node (--spv) does not support --${name}`);
  }
  return startLightNode(config, modules);
}

/** Returns the terminal of the log, for a status line that does not wait for the terminal either. */
function terminalOf(log: LogOutput): Terminal {
  return {
    get columns() {
      return process.stderr.columns;
    },
    write: (text) => log.write(text),
  };
}

/** Resolves when standard input closes. It does not keep the process alive. */
function parentGone(): Promise<void> {
  const { stdin } = process;
  return new Promise((resolve) => {
    stdin.once('end', resolve).once('close', resolve).resume();
    stdin.unref();
  });
}

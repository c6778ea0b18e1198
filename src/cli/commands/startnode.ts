import type { Command } from 'commander';
import type { StartedNode } from '../../commands/start-node.ts';
import { type NodeConfig, UsageError } from '../../node/config.ts';
import type { FullNode } from '../../node/full-node.ts';
import type { LightNode } from '../../node/light-node.ts';
import type { LogLevel } from '../../node/logging.ts';
import type { Logger } from '../../platform/logger.ts';
import { type CommonOptions, configOf, nodeOptions, seedOptions } from '../options.ts';
import { note, print } from '../output.ts';
import { untilSignal } from '../signals.ts';
import { StatusLine } from '../status-line.ts';
import { showSync } from '../sync-display.ts';

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
  readonly v2: boolean;
  readonly maxConnections?: string;
  readonly logLevel: LogLevel;
  readonly minimumchainwork?: string;
  readonly withParent?: boolean;
}

export function addStartNode(program: Command): void {
  const command = nodeOptions(program.command('startnode')).description('run the node until Ctrl-C or `pier rpc stop`');
  seedOptions(command)
    .option('--spv', 'a light node: headers only, payments found by block filters, and proved')
    .option('--bloom', 'with --spv: find them by Bloom filters (BIP37), which tell peers much of what is looked for')
    .option('--miner <address>', 'mine, and pay the rewards to this address')
    .option('--mine-at-txs <count>', 'transactions in the mempool at which a block is mined; 0: mine all the time', '2')
    .option(
      '--miner-threads <count>',
      'threads that search for proof of work (default: one for each processor but one)',
    )
    .option('--blocks-only', 'take no transactions from peers')
    .option('--no-blockfilterindex', 'keep no block filters, and serve none (default: BIP157, for light clients)')
    .option('--trickle', 'announce transactions after random delays (default on public networks)')
    .option('--no-trickle', 'announce transactions at once (default on local networks)')
    .option('--peerbloomfilters', 'let peers filter blocks and transactions by Bloom filters (BIP37)')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--no-v2', 'speak only the unencrypted transport (default: BIP324 with peers that know it)')
    .option('--max-connections <count>', 'connections at the most, besides those to seeds and added nodes', '125')
    .option('--log-level <level>', 'trace, debug, info, warn, error or silent', 'info')
    .option('--minimumchainwork <hex>', 'work that a chain of headers must show to be stored (default: the network’s)')
    .option('--with-parent', 'stop when standard input closes, as it does when the parent process ends')
    .action(async (options: StartOptions) => {
      const config = configOf(options, {
        seed: options.seed,
        minimumChainWork: options.minimumchainwork,
        chain: { blockFilterIndex: options.blockfilterindex },
        mining: { address: options.miner, mineAtTxs: options.mineAtTxs, threads: options.minerThreads },
        p2p: {
          host: options.host,
          v2Transport: options.v2,
          maxConnections: options.maxConnections,
          blocksOnly: options.blocksOnly,
          trickle: options.trickle,
          bloomFilters: options.peerbloomfilters,
        },
        light: { bloom: options.bloom },
      });
      const { createLogger } = await import('../../node/logging.ts');
      const status = process.stderr.isTTY && !options.json ? new StatusLine(process.stderr) : undefined;
      const printAbove = status && ((lines: string) => status.print(lines));
      const logger = createLogger({ level: options.logLevel, nodeId: config.nodeId, print: printAbove });
      const interrupted = untilSignal();
      const { node, rpc } = await start(config, options, logger);
      try {
        const p2p = `${config.p2p.host}:${config.nodeId}`;
        if (options.json) {
          const { host, port, cookieFile } = rpc;
          print(JSON.stringify({ event: 'ready', pid: process.pid, p2p, rpc: { host, port, cookieFile } }));
        } else {
          const place = `Node ${config.nodeId} (${config.params.network})`;
          note(
            options.spv
              ? `${place} is a light node, and serves RPC at port ${rpc.port}.`
              : `${place} serves peers at ${p2p} and RPC at port ${rpc.port}.`,
          );
          node.processor.events.on(
            'progress',
            showSync(status, logger, () => node.clock.monotonic()),
          );
        }
        await Promise.race([interrupted, node.stopped, ...(options.withParent ? [parentGone()] : [])]);
      } finally {
        status?.show('');
        const stopped = node.stop();
        // Then what fails on the way out is no news.
        await (node.failure === undefined ? stopped : stopped.catch(() => {}));
      }
      if (node.failure !== undefined) throw node.failure;
    });
}

/** Options of a node with all blocks that a light one has no use for. */
const fullOnly = ['miner', 'minerThreads', 'blocksOnly', 'peerbloomfilters'] as const;

async function start(
  config: NodeConfig,
  options: StartOptions,
  logger: Logger,
): Promise<StartedNode<FullNode | LightNode>> {
  const { startNode, startLightNode } = await import('../../commands/start-node.ts');
  if (!options.spv && options.bloom) {
    throw new UsageError('not-light', 'only a light node finds its payments by filters: --bloom needs --spv');
  }
  if (!options.spv) return startNode(config, { logger });
  const useless = fullOnly.find((option) => options[option] !== undefined);
  if (useless !== undefined) {
    const name = useless.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new UsageError('not-light', `a light node has no blocks, and so no use for --${name}`);
  }
  return startLightNode(config, { logger });
}

/** Resolves when whoever holds the other end of standard input is gone; it keeps no stopped node alive. */
function parentGone(): Promise<void> {
  const { stdin } = process;
  return new Promise((resolve) => {
    stdin.once('end', resolve).once('close', resolve).resume();
    stdin.unref();
  });
}

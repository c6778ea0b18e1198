import { mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { rpcMethods } from '../api/methods/index.ts';
import { RpcServer } from '../api/rpc/rpc-server.ts';
import { nodePaths } from '../node/config.ts';
import { descriptorLimit, shareDescriptors } from '../node/descriptors.ts';
import { FullNode } from '../node/full-node.ts';
import { FileSink, LogOutput } from '../node/log-output.ts';
import { MockableClock, systemClock } from '../platform/clock.ts';
import type { ReadSettings } from './arguments/read-settings.ts';
import { writeCoreLines } from './core-lines.ts';
import { DebugLog, type DebugLogOutput } from './debug-log.ts';
import { type DaemonSettings, daemonSettings } from './node-settings.ts';
import { checkSupport } from './option-support.ts';
import { options } from './options/index.ts';
import { runCommand } from './run-command.ts';

/** What a daemon uses of its process. */
export interface DaemonModules {
  /** Where the log goes besides its file. */
  readonly console?: DebugLogOutput | undefined;
  /** Ends a start that is under way. */
  readonly signal?: AbortSignal | undefined;
  /** Prints a warning that is no reason to fail. */
  readonly warn: (text: string) => void;
  /** Of the package. */
  readonly version: string;
}

/** A full node that is set up by bitcoind's options, and has its files where bitcoind has them. */
export class Daemon {
  readonly node: FullNode;
  /** Undefined if no calls are accepted. */
  readonly rpc: RpcServer | undefined;
  readonly #settings: DaemonSettings;
  readonly #log: DebugLog;
  readonly #logFile: LogOutput | undefined;

  private constructor(
    node: FullNode,
    rpc: RpcServer | undefined,
    settings: DaemonSettings,
    log: DebugLog,
    logFile: LogOutput | undefined,
  ) {
    this.node = node;
    this.rpc = rpc;
    this.#settings = settings;
    this.#log = log;
    this.#logFile = logFile;
  }

  /**
   * Starts a node: with a new chain in an empty folder, otherwise with what is there. Throws `OptionError` for settings that
   * it cannot fulfil, and whatever `FullNode.start` and `RpcServer.start` throw.
   */
  static async start(read: ReadSettings, modules: DaemonModules): Promise<Daemon> {
    for (const text of [...read.warnings, ...checkSupport(read.settings, options)]) modules.warn(text);
    const settings = daemonSettings(read);
    const { config, files, mockTime } = settings;
    mkdirSync(read.networkDir, { recursive: true });
    const logFile = openLog(files.debugLog);
    const outputs = [logFile, modules.console].filter((output) => output !== undefined);
    const log = new DebugLog(outputs, settings.log, systemClock);
    log.line(`Pier version v${modules.version}`);
    log.line(`Using data directory ${read.networkDir}`);
    if (read.configFile !== undefined) log.line(`Config file: ${read.configFile}`);
    const clock = new MockableClock(systemClock);
    if (mockTime !== undefined) clock.mock(mockTime * 1_000);
    const node = await FullNode.start(
      config,
      { network: 'full', createChain: true, createWallet: true },
      { logger: log, signal: modules.signal, clock },
    );
    try {
      writeCoreLines(node, log, settings.log.categories);
      const { rpc: total } = shareDescriptors(descriptorLimit(), config.p2p.maxConnections);
      const rpc = settings.rpc
        ? await RpcServer.start(
            { ...settings.rpc, cookieFile: nodePaths(config).cookie, connections: { total } },
            node,
            rpcMethods,
          )
        : undefined;
      if (rpc) node.beforeStop(() => rpc.close());
      writeFileSync(files.pid, `${process.pid}\n`);
      const daemon = new Daemon(node, rpc, settings, log, logFile);
      daemon.#started();
      return daemon;
    } catch (error) {
      await node.stop();
      throw error;
    }
  }

  /** Resolves when the node has stopped, its commands have ended, and the log is written. Rejects if the node has failed. */
  async stopped(): Promise<void> {
    await this.node.stopped;
    rmSync(this.#settings.files.pid, { force: true });
    this.#log.line('Shutdown: done');
    await this.#logFile?.end();
    if (this.node.failure !== undefined) throw this.node.failure;
  }

  #started(): void {
    const { startup, shutdown, block } = this.#settings.commands;
    const { node } = this;
    const run = (command: string, values: Readonly<Record<string, string>> = {}) =>
      runCommand(command, values, this.#log);
    node.chain.events.on('tip', ({ tip }) => {
      if (node.chain.isInitialBlockDownload) return;
      for (const command of block) void run(command, { '%s': tip.hashHex });
    });
    node.beforeStop(async () => {
      this.#log.line('Shutdown: In progress...');
      await Promise.all(shutdown.map((command) => run(command)));
    });
    this.#log.line('init message: Done loading');
    for (const command of startup) void run(command);
  }
}

/** Opens the log file to append to it. */
function openLog(path: string | undefined): LogOutput | undefined {
  if (path === undefined) return undefined;
  mkdirSync(dirname(path), { recursive: true });
  return new LogOutput(new FileSink(openSync(path, 'a')));
}

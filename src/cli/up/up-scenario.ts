import { RpcClient } from '../../api/client/rpc-client.ts';
import { isPortFree } from '../../devnet/processes/ports.ts';
import type { Scenario, ScenarioOptions } from '../../devnet/scenario/scenario.ts';
import {
  DEFAULT_NETWORK,
  LOOPBACK,
  makeDataDir,
  nodePaths,
  RPC_PORT_OFFSET,
  resolveDataDir,
} from '../../node/config.ts';
import { findNetwork } from '../../node/networks.ts';
import { PierError } from '../../platform/errors.ts';
import { selectionOf } from '../command-text.ts';
import { parseBasePort } from '../option-values.ts';
import type { CommonOptions } from '../options.ts';
import { dim, logPrinter, note, print } from '../output.ts';
import { formatStep } from '../step-text.ts';
import { t } from '../text/texts.ts';
import { terminal, Waiting, waiting } from '../waiting.ts';
import { noteControl, notePage, warnAtExits, withControl } from './control-host.ts';
import { ANOTHER_PROGRAM, portUser } from './port-user.ts';
import { noteCommands, noteProofOfWork, noteWallets } from './scenario-notes.ts';
import { stepEvent } from './step-event.ts';
import { watchBlocks } from './watch-blocks.ts';

/** Options of `pier up` without a topology. */
export interface UpScenarioOptions extends CommonOptions {
  readonly basePort: string;
  readonly log?: boolean;
  /** What other commands call the network; default: `default`. */
  readonly name?: string;
}

/** Why clients cannot change the network before the last step. */
const PLAYING = 'the steps of the scenario are being played';

/** The scenario, as far as `pier up` needs it. */
export type PlayedScenario = Pick<Scenario, 'network' | 'play' | 'mineOn' | 'stop'>;

async function createScenario(options: ScenarioOptions): Promise<PlayedScenario> {
  const { Scenario: Class } = await import('../../devnet/scenario/scenario.ts');
  return new Class(options);
}

/**
 * Plays the scenario and keeps its four nodes running until `interrupted` resolves or a client asks for the end. A node
 * that ends does not end the others.
 */
export async function upScenario(
  options: UpScenarioOptions,
  interrupted: Promise<void>,
  create: (options: ScenarioOptions) => PlayedScenario | Promise<PlayedScenario> = createScenario,
): Promise<void> {
  const { name = 'default' } = options;
  const network = findNetwork(options.network ?? process.env.PIER_NETWORK ?? DEFAULT_NETWORK);
  const { params } = network;
  const dataDir = resolveDataDir(options.datadir ?? process.env.PIER_DATADIR, params);
  const base = parseBasePort('--base-port', options.basePort, 4);
  const nodeIds = [base, base + 1, base + 2, base + 3] as const;
  const [central, wallet, miner, light] = nodeIds;
  makeDataDir(dataDir);
  await requireFreePorts(nodeIds, dataDir);
  await withControl(name, async (host) => {
    note(
      dim(
        t`Pier: a Bitcoin network (${params.network}) of four nodes on this machine; files in ${dataDir}`,
        process.stderr,
      ),
    );
    if (!params.powNoRetargeting) noteProofOfWork(network);
    const printLog = options.log ? logPrinter() : undefined;
    // Lines of logs would run into it.
    const progress = new Waiting(printLog ? undefined : terminal());
    let isPlayed = false;
    let endServing = () => {};
    const ended = new Promise<void>((resolve) => {
      endServing = resolve;
    });
    const stop = Promise.race([interrupted, ended]);
    const scenario = await create({
      ...{ central, wallet, miner, light, dataDir, network },
      // A page can show the steps; it can change the network afterwards.
      onOpen: async (opened) =>
        void (await host.serve(opened, () => (isPlayed ? undefined : PLAYING))).down.then(endServing),
      ...(printLog ? { onLog: printLog } : {}),
      onStep: (step) => {
        progress.end();
        host.report(stepEvent(step, nodeIds));
        if (!options.json) print(formatStep(step));
        progress.start(t`Step ${step.step + 1}`);
      },
    });
    let isStopping = false;
    try {
      notePage(host);
      progress.start(t`Step ${1}`);
      const played = scenario.play();
      const evidence = await Promise.race([played, stop]).finally(() => progress.end());
      // After an interrupt, the step in progress fails because its nodes stop. That error is ignored.
      played.catch(() => {});
      if (evidence === undefined) return;
      if (options.json) print(JSON.stringify({ verified: true, steps: evidence }, null, 2));
      const { nodes } = scenario.network!;
      await noteWallets(nodes.filter(({ isFull }) => isFull));
      noteCommands(nodeIds, { dataDir, selection: selectionOf(options), evidence });
      const miningOn = scenario.mineOn().then(() => true);
      // As above.
      miningOn.catch(() => {});
      if (!(await Promise.race([miningOn, stop]))) return;
      isPlayed = true;
      if (!params.powNoRetargeting) {
        note(t`Node ${miner} now mines continuously on one thread:`);
        if (!options.json) void watchBlocks(new RpcClient(nodes[0]!.rpc!));
      }
      warnAtExits(scenario.network!, name, () => isStopping);
      noteControl(host);
      note(t`Press Ctrl-C to stop.`);
      await stop;
    } finally {
      isStopping = true;
      await waiting(t`Stopping the nodes`, () => scenario.stop());
      note(t`All nodes are stopped.`);
    }
  });
}

/** Throws `PierError` 'port-in-use', which says as much as is known of the program that uses the port. */
async function requireFreePorts(nodeIds: readonly number[], dataDir: string): Promise<void> {
  for (const nodeId of nodeIds) {
    for (const port of [nodeId, nodeId + RPC_PORT_OFFSET]) {
      if (await isPortFree(port)) continue;
      if (await isRunning(nodeId, dataDir)) {
        throw new PierError('port-in-use', `port ${port} is in use by node ${nodeId}, which runs in ${dataDir}`, {
          hint: `Stop it with 'NODE_ID=${nodeId} pier rpc stop', a network that pier up runs with 'pier down', or choose other ports with --base-port.`,
        });
      }
      const user = await portUser(port);
      // Peers of Pier do not speak HTTP.
      const mayBePier = user === ANOTHER_PROGRAM || port !== nodeId;
      throw new PierError('port-in-use', `port ${port} is in use by ${user}`, {
        hint: `Stop that program${mayBePier ? ", which may be another pier up ('pier down' stops it)" : ''}, or choose other ports with --base-port.`,
      });
    }
  }
}

/** Returns whether a node runs on the files of the folder. */
async function isRunning(nodeId: number, dataDir: string): Promise<boolean> {
  const { cookie: cookieFile } = nodePaths({ dataDir, nodeId });
  const client = new RpcClient({ host: LOOPBACK, port: nodeId + RPC_PORT_OFFSET, cookieFile });
  return client.call('uptime').then(
    () => true,
    () => false,
  );
}

import { difficultyInterval } from '../consensus/params.ts';
import { blockWork } from '../consensus/pow.ts';
import { isPortFree } from '../devnet/processes/ports.ts';
import { DEFAULT_NETWORK, makeDataDir, nodePaths, RPC_PORT_OFFSET, resolveDataDir } from '../node/config.ts';
import { findNetwork, type NamedNetwork } from '../node/networks.ts';
import { PierError } from '../platform/errors.ts';
import { parseBasePort } from './option-values.ts';
import type { CommonOptions } from './options.ts';
import { dim, logPrinter, note, print } from './output.ts';
import { formatStep } from './step-text.ts';
import { watchBlocks } from './watch-blocks.ts';

/** Options of `pier up` without a topology. */
export interface UpScenarioOptions extends CommonOptions {
  readonly basePort: string;
  readonly log?: boolean;
}

/** Plays the scenario and keeps its four nodes running until `interrupted` resolves. */
export async function upScenario(options: UpScenarioOptions, interrupted: Promise<void>): Promise<void> {
  const network = findNetwork(options.network ?? process.env.PIER_NETWORK ?? DEFAULT_NETWORK);
  const { params } = network;
  const dataDir = resolveDataDir(options.datadir ?? process.env.PIER_DATADIR, params);
  const base = parseBasePort('--base-port', options.basePort, 4);
  const nodeIds = [base, base + 1, base + 2, base + 3] as const;
  const [central, wallet, miner, light] = nodeIds;
  makeDataDir(dataDir);
  await requireFreePorts(nodeIds);

  note(
    dim(
      `Pier: a Bitcoin network (${params.network}) of four nodes on this machine; files in ${dataDir}`,
      process.stderr,
    ),
  );
  if (!params.powNoRetargeting) noteProofOfWork(network);
  const { Scenario } = await import('../devnet/scenario.ts');
  const scenario = new Scenario({
    ...{ central, wallet, miner, light, dataDir, network },
    ...(options.log ? { onLog: logPrinter() } : {}),
    ...(options.json ? {} : { onStep: (step) => print(formatStep(step)) }),
  });
  try {
    const played = scenario.play();
    const evidence = await Promise.race([played, interrupted]);
    // After an interrupt, the step in progress fails because its nodes stop. That error is ignored.
    played.catch(() => {});
    if (evidence === undefined) return;
    if (options.json) print(JSON.stringify({ verified: true, steps: evidence }, null, 2));
    note('The network is running. Every node serves the P2P protocol of Bitcoin and the RPC of bitcoind:');
    for (const nodeId of nodeIds) {
      const { cookie } = nodePaths({ dataDir, nodeId });
      note(
        `  node ${nodeId}: bitcoin-cli -rpcport=${nodeId + RPC_PORT_OFFSET} -rpccookiefile=${cookie} getblockchaininfo`,
      );
    }
    const where = network.argument === DEFAULT_NETWORK ? '' : ` --network ${network.argument}`;
    note(`  or: NODE_ID=${wallet} npx pier rpc${where} getblockchaininfo`);
    const payment = evidence.find(({ step }) => step === 5)?.facts[0]?.value;
    note(`Verify a payment by headers alone: NODE_ID=${light} npx pier verify${where} ${payment}`);
    if (!params.powNoRetargeting) {
      const { rpc } = await Promise.race([scenario.mineOn(), interrupted.then(() => ({ rpc: undefined }))]);
      if (!rpc) return;
      note(`Node ${miner} now mines continuously on one thread:`);
      if (!options.json) void watchBlocks(rpc);
    }
    note('Press Ctrl-C to stop.');
    const lost = await Promise.race([interrupted, ...scenario.nodes.map((node) => node.exited.then(() => node))]);
    if (lost) {
      throw new PierError('node-failed', `node ${lost.nodeId} exited unexpectedly`, {
        hint: 'Run pier up with --log to see the logs of the nodes.',
      });
    }
  } finally {
    await scenario.stop();
    note('All nodes are stopped.');
  }
}

/** Notes the expected cost of the first blocks, which can take a while. */
function noteProofOfWork({ params }: NamedNetwork): void {
  const { genesis, coinbaseMaturity, powTargetSpacing } = params;
  const hashes = Number(blockWork(genesis.header.bits)).toLocaleString('en', { maximumSignificantDigits: 2 });
  note(
    `The first ${coinbaseMaturity + 1} blocks take about ${hashes} hashes each. The difficulty adapts every ` +
      `${difficultyInterval(params)} blocks, towards one block in ${powTargetSpacing} s.`,
  );
}

async function requireFreePorts(nodeIds: readonly number[]): Promise<void> {
  for (const port of nodeIds.flatMap((id) => [id, id + RPC_PORT_OFFSET])) {
    if (await isPortFree(port)) continue;
    throw new PierError('port-in-use', `port ${port} is in use by another program`, {
      hint: 'Stop that program, which may be another pier up, or choose other ports with --base-port.',
    });
  }
}

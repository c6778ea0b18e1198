import type { Command } from 'commander';
import { difficultyInterval } from '../../consensus/params.ts';
import { blockWork } from '../../consensus/pow.ts';
import { isPortFree } from '../../devnet/ports.ts';
import { CENTRAL_NODE_ID, DEFAULT_NETWORK, nodePaths, RPC_PORT_OFFSET, resolveDataDir } from '../../node/config.ts';
import { findNetwork, type NamedNetwork } from '../../node/networks.ts';
import { PierError } from '../../platform/errors.ts';
import { narrateStep } from '../narration.ts';
import { type CommonOptions, networkOptions } from '../options.ts';
import { dim, note, print } from '../output.ts';
import { untilSignal } from '../signals.ts';
import { watchBlocks } from '../watch-blocks.ts';

export function addUp(program: Command): void {
  networkOptions(
    program
      .command('up')
      .description('start a network of four nodes, play the nine steps, and keep it up until Ctrl-C')
      .option('--base-port <port>', 'port of the central node; the others take the next three', String(CENTRAL_NODE_ID))
      .option('--log', "print the nodes' logs to stderr"),
  ).action(async (options: CommonOptions & { basePort: string; log?: boolean }) => {
    const network = findNetwork(options.network ?? process.env.PIER_NETWORK ?? DEFAULT_NETWORK);
    const { params } = network;
    const dataDir = resolveDataDir(options.datadir ?? process.env.PIER_DATADIR, params);
    const base = Number(options.basePort);
    const nodeIds = [base, base + 1, base + 2, base + 3] as const;
    const [central, wallet, miner, light] = nodeIds;
    await requireFreePorts(nodeIds);

    note(
      dim(
        `Pier: a Bitcoin network (${params.network}) of four nodes on this machine; files in ${dataDir}`,
        process.stderr,
      ),
    );
    if (!params.powNoRetargeting) tellOfWork(network);
    const { Scenario } = await import('../../devnet/scenario.ts');
    const scenario = new Scenario({
      ...{ central, wallet, miner, light, dataDir, network },
      ...(options.log ? { onLog: (_nodeId, line) => process.stderr.write(`${line}\n`) } : {}),
      ...(options.json ? {} : { onStep: (step) => print(narrateStep(step)) }),
    });
    const interrupted = untilSignal();
    try {
      const played = scenario.play();
      const evidence = await Promise.race([played, interrupted]);
      // Interrupted while a step was on its way: that step fails as its nodes go, which is no news then.
      played.catch(() => {});
      if (evidence === undefined) return;
      if (options.json) print(JSON.stringify({ verified: true, steps: evidence }, null, 2));
      note(`The network is up. Every node speaks Bitcoin's protocol, and RPC as bitcoind does:`);
      for (const nodeId of nodeIds) {
        const { cookie } = nodePaths({ dataDir, nodeId });
        note(
          `  node ${nodeId}: bitcoin-cli -rpcport=${nodeId + RPC_PORT_OFFSET} -rpccookiefile=${cookie} getblockchaininfo`,
        );
      }
      const where = network.argument === DEFAULT_NETWORK ? '' : ` --network ${network.argument}`;
      note(`  or: NODE_ID=${wallet} npx pier rpc${where} getblockchaininfo`);
      const payment = evidence.find(({ step }) => step === 5)?.facts[0]?.value;
      note(`A payment, proved by headers: NODE_ID=${light} npx pier verify${where} ${payment}`);
      if (!params.powNoRetargeting) {
        const { rpc } = await Promise.race([scenario.mineOn(), interrupted.then(() => ({ rpc: undefined }))]);
        if (!rpc) return;
        note(`Node ${miner} mines all the time now, on one thread:`);
        if (!options.json) void watchBlocks(rpc);
      }
      note('Ctrl-C stops it.');
      const lost = await Promise.race([interrupted, ...scenario.nodes.map((node) => node.exited.then(() => node))]);
      if (lost) {
        throw new PierError('node-failed', `node ${lost.nodeId} has ended by itself`, {
          hint: `Run with --log to see why.`,
        });
      }
    } finally {
      await scenario.stop();
      note('All nodes have stopped.');
    }
  });
}

/** What there is to know before the first blocks, which take their time. */
function tellOfWork({ params }: NamedNetwork): void {
  const { genesis, coinbaseMaturity, powTargetSpacing } = params;
  const hashes = Number(blockWork(genesis.header.bits)).toLocaleString('en', { maximumSignificantDigits: 2 });
  note(`Blocks cost work here: the first ${coinbaseMaturity + 1} take about ${hashes} hashes each. Every`);
  note(
    `${difficultyInterval(params)} blocks the difficulty adapts, until one comes every ${powTargetSpacing} s or so.`,
  );
}

async function requireFreePorts(nodeIds: readonly number[]): Promise<void> {
  for (const port of nodeIds.flatMap((id) => [id, id + RPC_PORT_OFFSET])) {
    if (await isPortFree(port)) continue;
    throw new PierError('port-in-use', `port ${port} is taken by another program`, {
      hint: `Stop it (perhaps a network of Pier that is up already), or choose other ports with --base-port.`,
    });
  }
}

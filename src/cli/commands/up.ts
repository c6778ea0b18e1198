import type { Command } from 'commander';
import { difficultyInterval } from '../../consensus/params.ts';
import { blockWork } from '../../consensus/pow.ts';
import { isPortFree } from '../../devnet/ports.ts';
import { CENTRAL_NODE_ID, DEFAULT_NETWORK, nodePaths, RPC_PORT_OFFSET, resolveDataDir } from '../../node/config.ts';
import { findNetwork, type NamedNetwork } from '../../node/networks.ts';
import { PierError } from '../../platform/errors.ts';
import { type CommonOptions, networkOptions } from '../options.ts';
import { dim, logPrinter, note, print } from '../output.ts';
import { aborted, interruption, onHangup } from '../signals.ts';
import { stdoutFailed } from '../stdout.ts';
import { formatStep } from '../step-text.ts';
import { watchBlocks } from '../watch-blocks.ts';

/** Adds the command `up`. */
export function addUp(program: Command): void {
  networkOptions(
    program
      .command('up')
      .description('start a network of four nodes, play the scenario, and keep the network running until Ctrl-C')
      .option(
        '--base-port <port>',
        'port of the central node; the other nodes use the next three ports',
        String(CENTRAL_NODE_ID),
      )
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
    if (!params.powNoRetargeting) noteProofOfWork(network);
    const { Scenario } = await import('../../devnet/scenario.ts');
    const scenario = new Scenario({
      ...{ central, wallet, miner, light, dataDir, network },
      ...(options.log ? { onLog: logPrinter() } : {}),
      ...(options.json ? {} : { onStep: (step) => print(formatStep(step)) }),
    });
    // A closed terminal does not end the network, whose nodes ignore it too.
    onHangup(() => {});
    const interrupted = Promise.race([aborted(interruption()), stdoutFailed.then(() => {})]);
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
  });
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

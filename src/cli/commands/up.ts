import type { Command } from 'commander';
import { isPortFree } from '../../devnet/ports.ts';
import { CENTRAL_NODE_ID, nodePaths, parseNetwork, RPC_PORT_OFFSET, resolveDataDir } from '../../node/config.ts';
import { PierError } from '../../platform/errors.ts';
import { narrateStep } from '../narration.ts';
import { type CommonOptions, networkOptions } from '../options.ts';
import { dim, note, print } from '../output.ts';
import { untilSignal } from '../signals.ts';

export function addUp(program: Command): void {
  networkOptions(
    program
      .command('up')
      .description('start a network of three nodes, play the nine steps, and keep it up until Ctrl-C')
      .option('--base-port <port>', 'port of the central node; the others take the next two', String(CENTRAL_NODE_ID))
      .option('--log', "print the nodes' logs to stderr"),
  ).action(async (options: CommonOptions & { basePort: string; log?: boolean }) => {
    const network = parseNetwork(options.network ?? process.env.PIER_NETWORK ?? 'regtest');
    const dataDir = resolveDataDir(options.datadir ?? process.env.PIER_DATADIR, network);
    const base = Number(options.basePort);
    const [central, wallet, miner] = [base, base + 1, base + 2];
    await requireFreePorts([central, wallet, miner]);

    note(
      dim(`Pier: a Bitcoin network (${network}) of three nodes on this machine; files in ${dataDir}`, process.stderr),
    );
    const { Scenario } = await import('../../devnet/scenario.ts');
    const scenario = new Scenario({
      ...{ central, wallet, miner, dataDir, network },
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
      for (const nodeId of [central, wallet, miner]) {
        const { cookie } = nodePaths({ dataDir, nodeId });
        note(
          `  node ${nodeId}: bitcoin-cli -rpcport=${nodeId + RPC_PORT_OFFSET} -rpccookiefile=${cookie} getblockchaininfo`,
        );
      }
      note(`  or: NODE_ID=${wallet} npx pier rpc getblockchaininfo`);
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

async function requireFreePorts(nodeIds: readonly number[]): Promise<void> {
  for (const port of nodeIds.flatMap((id) => [id, id + RPC_PORT_OFFSET])) {
    if (await isPortFree(port)) continue;
    throw new PierError('port-in-use', `port ${port} is taken by another program`, {
      hint: `Stop it (perhaps a network of Pier that is up already), or choose other ports with --base-port.`,
    });
  }
}

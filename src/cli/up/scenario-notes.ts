import { difficultyInterval } from '../../consensus/params.ts';
import { blockWork } from '../../consensus/pow.ts';
import type { NetworkNode } from '../../devnet/network/network-node.ts';
import type { StepEvidence } from '../../devnet/scenario/evidence.ts';
import { nodePaths, RPC_PORT_OFFSET } from '../../node/config.ts';
import type { NamedNetwork } from '../../node/networks.ts';
import { type NodeSelection, pierCommand, shellWord } from '../command-text.ts';
import { note } from '../output.ts';
import { t } from '../text/texts.ts';
import { padEnd } from '../text/width.ts';

/** Notes which wallets have coins. */
export async function noteWallets(nodes: readonly NetworkNode[]): Promise<void> {
  const lines: string[] = [];
  for (const node of nodes) {
    for (const wallet of await node.call<string[]>('listwallets')) {
      const { mine } = await node.call<{ mine: { trusted: number; immature: number } }>('getbalances', [], wallet);
      const immature = t`${mine.immature.toFixed(8)} immature`;
      const also = mine.immature > 0 ? t` (and ${immature})` : '';
      const { port } = node.backend.endpoint;
      lines.push(`  ${t`node ${port}`}  ${padEnd(wallet, 8)}  ${mine.trusted.toFixed(8)} BTC${also}`);
    }
  }
  note(t`Wallets and what they can spend:`);
  for (const line of lines) note(line);
}

/** Notes how to use the nodes. */
export function noteCommands(
  [central, wallet, , light]: readonly [number, number, number, number],
  {
    dataDir,
    selection: { nodeId: _, ...files },
    evidence,
  }: { readonly dataDir: string; readonly selection: NodeSelection; readonly evidence: readonly StepEvidence[] },
): void {
  note(t`The network is running. Every node serves the P2P protocol of Bitcoin and the RPC of bitcoind:`);
  for (let nodeId = central; nodeId <= light; nodeId++) {
    const { cookie } = nodePaths({ dataDir, nodeId });
    const port = nodeId + RPC_PORT_OFFSET;
    const command = `bitcoin-cli -rpcport=${port} -rpccookiefile=${shellWord(cookie)} getblockchaininfo`;
    note(`  ${t`node ${nodeId}: ${command}`}`);
  }
  note(`  ${t`or: ${pierCommand('rpc', { ...files, nodeId: String(wallet) }, 'getblockchaininfo')}`}`);
  const payment = evidence.find(({ step }) => step === 5)?.facts[0]?.value;
  const verify = pierCommand('verify', { ...files, nodeId: String(light) }, String(payment));
  note(t`Verify a payment by headers alone: ${verify}`);
}

/** Notes the expected cost of the first blocks, which can take a while. */
export function noteProofOfWork({ params }: NamedNetwork): void {
  const { genesis, coinbaseMaturity, powTargetSpacing } = params;
  const hashes = Number(blockWork(genesis.header.bits)).toLocaleString('en', { maximumSignificantDigits: 2 });
  note(
    t`The first ${coinbaseMaturity + 1} blocks take about ${hashes} hashes each. The difficulty adapts every ${difficultyInterval(params)} blocks, towards one block in ${powTargetSpacing} s.`,
  );
}

// Proves to a verifier, which has nothing but the network's rules, that a block holds a payment.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createBlockchain,
  createWallet,
  exportProof,
  freeNodeIds,
  nodeConfig,
  send,
  startNode,
  verifyConfig,
  verifyTransaction,
} from 'pier';
import { chainParams } from 'pier/consensus';
import { paymentReport, proofFromJson, verifySelfContained } from 'pier/spv';

const dataDir = await mkdtemp(join(tmpdir(), 'pier-example-'));
const [nodeId] = await freeNodeIds(1);
const config = nodeConfig({ nodeId, dataDir, p2p: { seeds: [] } });
try {
  const { address } = await createWallet(config);
  await createBlockchain(config, { address });
  const { txid, block } = await send(config, { to: address, amount: '2', mine: true });

  // Fetches the headers and the block from the node, trusting none of its answers.
  const { node } = await startNode(config);
  const verifier = verifyConfig({ network: 'regtest', nodes: [`127.0.0.1:${nodeId}`] }, {});
  const { proof } = await verifyTransaction(verifier, txid, { block });
  await node.stop();

  // The exported proof needs no node: this part runs in a browser as well.
  const file = JSON.stringify(exportProof(verifier, proof));
  const now = { nowSeconds: Math.floor(Date.now() / 1000) };
  const verdict = verifySelfContained(chainParams('regtest'), proofFromJson(file), now);
  const report = paymentReport(verdict);
  console.log(report.verified ? `proved: ${report.txid} in block ${report.height}` : `refused: ${report.flaw}`);

  const forged = JSON.stringify({ ...JSON.parse(file), branch: [] });
  const refusal = paymentReport(verifySelfContained(chainParams('regtest'), proofFromJson(forged), now));
  console.log(refusal.verified ? 'proved' : `forged proof refused: ${refusal.flaw}`);
} finally {
  await rm(dataDir, { recursive: true });
}

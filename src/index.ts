/**
 * Pier as a library: the commands of `pier` as functions, whole nodes, and a client of their RPC. Each layer below has an entry
 * of its own, from `pier/bytes` to `pier/node`.
 *
 * @example
 * ```ts
 * import { createBlockchain, createWallet, FullNode, nodeConfig, send } from 'pier';
 *
 * const config = nodeConfig({ nodeId: 3000, dataDir: '/tmp/pier' });
 * const { address } = await createWallet(config, { name: 'central' });
 * await createBlockchain(config, { address });
 * const { txid } = await send(config, { to: address, amount: '1.5', mine: true });
 *
 * const node = await FullNode.start(config, { network: 'none', createChain: false, createWallet: false });
 * console.log(node.chain.tip.height, txid);
 * await node.stop();
 * ```
 *
 * @module pier
 * @packageDocumentation
 */

export { RpcClient } from './api/client/rpc-client.ts';
export { type CreatedBlockchain, createBlockchain } from './commands/create-blockchain.ts';
export { type CreatedWallet, createWallet } from './commands/create-wallet.ts';
export { type AddressBalance, getAddressBalance, getBalances, type WalletBalance } from './commands/get-balance.ts';
export { type ListedAddress, listAddresses } from './commands/list-addresses.ts';
export { mineGenesis, type ProvenGenesis } from './commands/mine-genesis.ts';
export { restoreWallet, showMnemonics, type WalletMnemonic } from './commands/mnemonic.ts';
export { type PrintedBlock, type PrintedTransaction, printChain } from './commands/print-chain.ts';
export { reindexUtxo } from './commands/reindex-utxo.ts';
export { type SendOptions, type SentPayment, send } from './commands/send.ts';
export { type StartedNode, type StartNodeOptions, startLightNode, startNode } from './commands/start-node.ts';
export {
  exportProof,
  type Verification,
  type VerifyConfig,
  type VerifyInput,
  type VerifyOptions,
  verifyConfig,
  verifyProof,
  verifyTransaction,
} from './commands/verify.ts';
export { createNetwork, type SavedNetworkOptions } from './devnet/network/create-network.ts';
export type { NodeNetwork } from './devnet/network/node-network.ts';
export { NodeProcess, type NodeProcessOptions } from './devnet/processes/node-process.ts';
export { freeNodeIds } from './devnet/processes/ports.ts';
export { type Fact, ScenarioError, type StepEvidence } from './devnet/scenario/evidence.ts';
export { Scenario, type ScenarioOptions } from './devnet/scenario/scenario.ts';
export type { NetworkOptions } from './devnet/topology/network-options.ts';
export type { NodeStores } from './node/composition/running-node.ts';
export { type NodeConfig, type NodeConfigInput, nodeConfig, UsageError } from './node/config.ts';
export { FullNode, type NodeModules, type StartOptions } from './node/full-node.ts';
export { LightNode } from './node/light-node.ts';
export { findNetwork, type NamedNetwork } from './node/networks.ts';
export { PierError } from './platform/errors.ts';

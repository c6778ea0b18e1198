import { existsSync } from 'node:fs';
import { RpcClient } from '../api/client/rpc-client.ts';
import { RpcCode, RpcError } from '../api/json/rpc-error.ts';
import { type NodeConfig, nodePaths } from '../node/config.ts';
import { systemClock } from '../platform/clock.ts';
import { PierError } from '../platform/errors.ts';
import { silentLogger } from '../platform/logger.ts';
import { systemRandom } from '../platform/random.ts';
import { HeaderChain } from '../spv/header-chain.ts';
import { ProofStore } from '../spv/proof-store.ts';
import { proofFromJson, type SelfContainedProof } from '../spv/verify/proof-file.ts';
import { StoreError } from '../store/errors.ts';
import { LmdbStore } from '../store/lmdb/lmdb-store.ts';
import { ownProof } from '../wallet/light/own-proof.ts';
import { WalletFile } from '../wallet/wallet-file.ts';

/** Returns the proof that a light node, running or stopped, has stored; undefined without such a node or proof. */
export async function heldProof(config: NodeConfig, txid: string): Promise<SelfContainedProof | undefined> {
  const { cookie: cookieFile } = nodePaths(config);
  const client = new RpcClient({ ...config.rpc, cookieFile });
  try {
    return proofFromJson(JSON.stringify(await client.call('exportpaymentproof', [txid])));
  } catch (error) {
    if (error instanceof PierError && error.code === 'node-not-running') return storedProof(config, txid);
    const hasNone: readonly number[] = [RpcCode.METHOD_NOT_FOUND, RpcCode.INVALID_ADDRESS_OR_KEY];
    if (error instanceof RpcError && hasNone.includes(error.rpcCode)) return undefined;
    throw error;
  }
}

/** Reads the proof from the files of a stopped light node without changing them. */
async function storedProof(config: NodeConfig, txid: string): Promise<SelfContainedProof | undefined> {
  const { params } = config;
  const paths = nodePaths(config);
  if (!existsSync(paths.chain) || !existsSync(paths.wallet)) return undefined;
  const common = { network: params.marker, readOnly: true };
  const modules = { clock: systemClock, logger: silentLogger, random: systemRandom };
  const stores: LmdbStore[] = [];
  try {
    const store = await LmdbStore.open({ ...common, path: paths.chain, kind: 'header chain' });
    stores.push(store);
    const walletStore = await LmdbStore.open({ ...common, path: paths.wallet, kind: 'wallet' });
    stores.push(walletStore);
    const chain = await HeaderChain.open(params, { ...modules, store });
    const wallets = await WalletFile.open({ params }, { ...modules, store: walletStore });
    return ownProof({ chain, proofs: new ProofStore(store), wallets }, txid);
  } catch (error) {
    // A full node stores no proofs.
    if (error instanceof StoreError && error.code === 'other-kind') return undefined;
    throw error;
  } finally {
    for (const store of stores) await store.close();
  }
}

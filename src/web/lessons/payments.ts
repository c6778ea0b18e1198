import type { Fact } from '../model/lesson/format.ts';
import type { Scene } from '../model/lesson/scene.ts';
import { labels } from './labels.ts';

/** Bitcoins that the faucet pays to a wallet that has too little. */
const FUNDING = '10';
/** Name of the wallet that a lesson creates where the network has no account. */
const WALLET = 'lesson';
/** Blocks in which a payment is looked for. */
const SEARCHED_BLOCKS = 10;

/** A wallet that can pay. */
export interface Payer {
  readonly wallet: string;
  /** Number of its account; undefined for a wallet that a lesson has created. */
  readonly account: number | undefined;
}

/** What is read of a result of `gettransaction`. */
export interface WalletTransaction {
  readonly confirmations: number;
  readonly blockhash?: string;
}

/** Returns the first account on the node of a part, or a wallet that is created there. */
export async function findPayer<Part extends string>(scene: Scene<Part>, part: Part): Promise<Payer> {
  const { accounts } = await scene.call('accounts');
  const account = accounts.find(({ node }) => node === scene.node(part));
  if (account) return { wallet: account.wallet, account: account.index };
  return { wallet: await ownWallet(scene, part), account: undefined };
}

/** Returns the wallet on the node of a part, which is created if there is none. */
export async function ownWallet<Part extends string>(scene: Scene<Part>, part: Part): Promise<string> {
  const [first] = await scene.rpc<string[]>(part, 'listwallets');
  if (first === undefined) await scene.rpc(part, 'createwallet', [WALLET]);
  return first ?? WALLET;
}

/** Lets the faucet pay a wallet, and a block confirm it, unless it can spend so much already. */
export async function fund<Part extends string>(
  scene: Scene<Part>,
  part: Part,
  { wallet }: Payer,
  bitcoins: number,
): Promise<void> {
  const spendable = () => scene.rpc<number>(part, 'getbalance', [], wallet);
  if ((await spendable()) >= bitcoins) return;
  const to = await scene.rpc<string>(part, 'getnewaddress', [], wallet);
  const { txid } = await scene.control('faucet', { to, amount: FUNDING });
  await inMempool(scene, part, txid);
  await scene.control('mine', { blocks: 1 });
  const what = { en: `${wallet} has ${bitcoins} BTC`, zh: `${wallet} 拥有 ${bitcoins} BTC` };
  await scene.until(what, async () => (await spendable()) >= bitcoins);
}

/** Pays, and returns the id of the transaction. */
export async function pay<Part extends string>(
  scene: Scene<Part>,
  part: Part,
  { wallet, account }: Payer,
  to: number | string,
  amount: string,
): Promise<string> {
  if (account !== undefined) return (await scene.control('pay', { from: account, to, amount })).txid;
  return scene.rpc<string>(part, 'sendtoaddress', [to, Number(amount)], wallet);
}

/** Waits until a transaction is in the mempool of the node of a part. */
export async function inMempool<Part extends string>(scene: Scene<Part>, part: Part, txid: string): Promise<void> {
  const node = scene.node(part);
  await scene.until(
    { en: `${node} has payment …${txid.slice(-4)}`, zh: `${node} 收到付款 …${txid.slice(-4)}` },
    async () => (await scene.rpc<string[]>(part, 'getrawmempool')).includes(txid),
  );
}

/** Waits until the active chain of the node of a part contains a block, and returns how many blocks deep it is. */
export function inChain<Part extends string>(scene: Scene<Part>, part: Part, hash: string): Promise<number> {
  const node = scene.node(part);
  const what = { en: `${node} connects block …${hash.slice(-4)}`, zh: `${node} 连接区块 …${hash.slice(-4)}` };
  return scene.until(what, async () => {
    const depth = await confirmationsOf(scene, part, hash);
    return depth !== undefined && depth > 0 ? depth : undefined;
  });
}

/** Returns the confirmations of a block, as the node of a part counts them; -1 off its chain; undefined if it is unknown. */
export async function confirmationsOf<Part extends string>(
  scene: Scene<Part>,
  part: Part,
  hash: string,
): Promise<number | undefined> {
  try {
    return (await scene.rpc<{ confirmations: number }>(part, 'getblockheader', [hash])).confirmations;
  } catch (error) {
    if ((error as { code?: string }).code === 'disconnected') throw error;
    return undefined;
  }
}

/** What is read of a result of `getblock`. */
export interface FoundBlock {
  readonly hash: string;
  readonly height: number;
  readonly nonce: number;
  readonly tx: readonly string[];
  readonly previousblockhash?: string;
}

/** Returns one of the last blocks of the node of a part that contains all these transactions; undefined if none does. */
export async function blockWith<Part extends string>(
  scene: Scene<Part>,
  part: Part,
  txids: readonly string[],
): Promise<FoundBlock | undefined> {
  let hash: string | undefined = await scene.rpc<string>(part, 'getbestblockhash');
  for (let i = 0; i < SEARCHED_BLOCKS && hash !== undefined; i++) {
    const block: FoundBlock = await scene.rpc<FoundBlock>(part, 'getblock', [hash, 1]);
    if (txids.every((txid) => block.tx.includes(txid))) return block;
    hash = block.previousblockhash;
  }
  return undefined;
}

/** Waits until a wallet counts so many confirmations of its payment, and returns what it says of it. */
export function confirmed<Part extends string>(
  scene: Scene<Part>,
  part: Part,
  { wallet }: Payer,
  txid: string,
  least = 1,
): Promise<WalletTransaction> {
  const what = { en: `${wallet} counts ${least} confirmations`, zh: `${wallet} 计得 ${least} 个确认` };
  return scene.until(what, async () => {
    const transaction = await scene.rpc<WalletTransaction>(part, 'gettransaction', [txid], wallet);
    return transaction.confirmations >= least ? transaction : undefined;
  });
}

/** Returns a payment as evidence. */
export function paymentFact<Part extends string>(scene: Scene<Part>, part: Part, txid: string): Fact {
  return scene.fact(part, labels.payment, txid, { view: 'transaction', id: txid });
}

/** Returns a block as evidence. */
export function blockFact<Part extends string>(
  scene: Scene<Part>,
  part: Part,
  hash: string,
  label: Fact['label'] = labels.block,
): Fact {
  return scene.fact(part, label, hash, { view: 'block', id: hash });
}

/** Returns the tip of the node of a part as evidence. */
export async function tipFacts<Part extends string>(scene: Scene<Part>, part: Part): Promise<Fact[]> {
  const { blocks, bestblockhash } = await scene.tip(part);
  return [scene.fact(part, labels.height, blocks), blockFact(scene, part, bestblockhash, labels.bestBlock)];
}

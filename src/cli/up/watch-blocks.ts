import type { RpcClient } from '../../api/client/rpc-client.ts';
import { print } from '../output.ts';
import { t } from '../text/texts.ts';

interface Header {
  readonly height: number;
  readonly hash: string;
  readonly time: number;
  readonly difficulty: number;
  readonly nTx: number;
  readonly previousblockhash?: string;
}

/** Prints a line for each new block of the node, until the node stops. */
export async function watchBlocks(rpc: RpcClient): Promise<void> {
  const header = (hash: string) => rpc.call<Header>('getblockheader', [hash]);
  try {
    let last = await header(await rpc.call<string>('getbestblockhash'));
    for (;;) {
      const { height } = await rpc.call<{ height: number }>('waitfornewblock', [0, last.hash]);
      // There may be several new blocks, or a reorganisation to the same height.
      for (let at = Math.min(last.height + 1, height); at <= height; at++) {
        const next = await header(await rpc.call<string>('getblockhash', [at]));
        print(blockLine(next, last));
        last = next;
      }
    }
  } catch {
    // `up` reports a node that exits unexpectedly.
  }
}

function blockLine(block: Header, before: Header): string {
  const { height, hash, difficulty, nTx, time } = block;
  const ratio = difficulty / before.difficulty;
  const harder =
    ratio > 1
      ? t` (${ratio.toFixed(2)} times harder than before)`
      : t` (${(1 / ratio).toFixed(2)} times easier than before)`;
  const payments = nTx === 1 ? '' : nTx === 2 ? t`, ${1} payment` : t`, ${nTx - 1} payments`;
  const shown = `${difficulty.toPrecision(3)}${ratio === 1 ? '' : harder}`;
  return t`block ${height}  ${hash}  after ${time - before.time} s${payments}, difficulty ${shown}`;
}

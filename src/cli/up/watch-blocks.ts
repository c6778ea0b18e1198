import type { RpcClient } from '../../api/client/rpc-client.ts';
import { print } from '../output.ts';

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
  const change =
    ratio === 1
      ? ''
      : ` (${ratio > 1 ? `${ratio.toFixed(2)} times harder` : `${(1 / ratio).toFixed(2)} times easier`} than before)`;
  const payments = nTx > 1 ? `, ${nTx - 1} payment${nTx > 2 ? 's' : ''}` : '';
  return `block ${height}  ${hash}  after ${time - before.time} s${payments}, difficulty ${difficulty.toPrecision(3)}${change}`;
}

import type { ArrivalRow, FutureBlock, Rectangle } from '../model/mempool/mempools.ts';
import { shadeOf } from '../model/mempool/mempools.ts';
import { feeRate } from '../model/timeline.ts';
import type { Theme } from './theme.ts';

/** Draws a block that could be mined: its transactions as squares by size, stronger the higher their fee rate is. */
export function drawFutureBlock(
  canvas: CanvasRenderingContext2D,
  { transactions }: FutureBlock,
  rectangles: readonly Rectangle[],
  theme: Theme,
  highlight: string | undefined,
): void {
  for (const [i, { x, y, width, height }] of rectangles.entries()) {
    const transaction = transactions[i]!;
    const isLit = transaction.txid === highlight;
    canvas.globalAlpha = isLit ? 1 : 0.25 + 0.75 * Math.min(1, Math.log10(1 + feeRate(transaction)) / 2.5);
    canvas.fillStyle = isLit ? theme.ink : theme.kinds.transaction;
    const gap = Math.min(1, width / 4, height / 4);
    canvas.fillRect(x, y, Math.max(0.5, width - gap), Math.max(0.5, height - gap));
  }
  canvas.globalAlpha = 1;
}

/** Draws which node knows which transaction: a square for each node, fainter the later the transaction came to it. */
export function drawArrivalRows(
  canvas: CanvasRenderingContext2D,
  rows: readonly ArrivalRow[],
  cell: { readonly width: number; readonly height: number },
  theme: Theme,
  highlight: string | undefined,
): void {
  for (const [row, { transaction, delays }] of rows.entries()) {
    const isLit = transaction.txid === highlight;
    const y = row * cell.height;
    for (const [column, delay] of delays.entries()) {
      const [x, width] = [column * cell.width, cell.width - 1];
      if (delay === undefined) {
        canvas.strokeStyle = theme.faint;
        canvas.lineWidth = 0.5;
        canvas.strokeRect(x + 0.5, y + 3.5, width - 1, cell.height - 7);
        continue;
      }
      canvas.globalAlpha = shadeOf(delay);
      canvas.fillStyle = isLit ? theme.ink : theme.kinds.transaction;
      canvas.fillRect(x, y + 3, width, cell.height - 6);
      canvas.globalAlpha = 1;
    }
  }
}

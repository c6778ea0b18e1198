import type { Axis } from '../model/time/axis.ts';
import { durationText, ticksOf } from '../model/time/ticks.ts';
import type { Theme } from './theme.ts';

/** Pixels of the axis of time, below the lines of the nodes. */
export const AXIS_HEIGHT = 18;
const FONT = '11px ui-monospace, monospace';
/** Pixels between two words. */
const GAP = 8;

/** Draws marks with their times, and where stretches without messages are left out. */
export function drawTimeAxis(
  canvas: CanvasRenderingContext2D,
  {
    axis,
    zero,
    now,
    skipped,
    theme,
    margin,
    width,
    height,
  }: {
    readonly axis: Axis;
    readonly zero: number;
    readonly now: number;
    /** Says how much is left out. */
    readonly skipped: (duration: string) => string;
    readonly theme: Theme;
    readonly margin: number;
    readonly width: number;
    readonly height: number;
  },
): void {
  const x = (share: number) => margin + share * (width - margin);
  const bottom = height - AXIS_HEIGHT;
  canvas.font = FONT;
  canvas.textAlign = 'center';
  canvas.textBaseline = 'middle';
  canvas.lineWidth = 1;
  canvas.strokeStyle = theme.quiet;
  canvas.fillStyle = theme.quiet;
  line(canvas, [margin, bottom], [width, bottom]);
  /** Where words stand already. */
  const taken: { readonly from: number; readonly to: number }[] = [];
  const write = (text: string, at: number) => {
    const half = canvas.measureText(text).width / 2 + GAP / 2;
    if (at - half < margin || at + half > width) return;
    if (taken.some(({ from, to }) => at + half > from && at - half < to)) return;
    taken.push({ from: at - half, to: at + half });
    canvas.fillText(text, at, height - AXIS_HEIGHT / 2 + 2);
  };
  for (const { from, to } of axis.folds) {
    const at = x(axis.shareOf(from));
    if (at < margin || at > width) continue;
    canvas.setLineDash([2, 4]);
    line(canvas, [at, 0], [at, bottom]);
    canvas.setLineDash([]);
    // A break of the axis.
    for (const offset of [-2, 2]) line(canvas, [at + offset - 2, bottom + 4], [at + offset + 2, bottom - 4]);
    write(skipped(durationText(Math.min(to, now) - from)), at);
  }
  for (const { share, label } of ticksOf(axis, width - margin, zero)) {
    line(canvas, [x(share), bottom], [x(share), bottom + 4]);
    write(label, x(share));
  }
  canvas.textBaseline = 'alphabetic';
}

function line(canvas: CanvasRenderingContext2D, from: readonly [number, number], to: readonly [number, number]): void {
  canvas.beginPath();
  canvas.moveTo(...from);
  canvas.lineTo(...to);
  canvas.stroke();
}

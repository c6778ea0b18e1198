import { colourOf, patternOf } from '../model/block-colour.ts';
import type { Theme } from './theme.ts';

/** Draws a block as a square in its own colour and pattern; hollow if its header alone is known. */
export function drawBlock(
  canvas: CanvasRenderingContext2D,
  {
    hash,
    x,
    y,
    size,
    isHollow = false,
  }: {
    readonly hash: string;
    readonly x: number;
    readonly y: number;
    readonly size: number;
    readonly isHollow?: boolean;
  },
  theme: Theme,
): void {
  const colour = colourOf(hash, theme.isDark);
  if (isHollow) {
    canvas.strokeStyle = colour;
    canvas.lineWidth = 2;
    canvas.strokeRect(x + 1, y + 1, size - 2, size - 2);
    return;
  }
  canvas.fillStyle = colour;
  canvas.fillRect(x, y, size, size);
  canvas.strokeStyle = theme.paper;
  canvas.lineWidth = 1.5;
  canvas.beginPath();
  const [pattern, middle] = [patternOf(hash), size / 2];
  if (pattern === 1) line(canvas, x, y + middle, x + size, y + middle);
  if (pattern === 2) line(canvas, x + middle, y, x + middle, y + size);
  if (pattern === 3) line(canvas, x, y + size, x + size, y);
  canvas.stroke();
}

function line(canvas: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  canvas.moveTo(x1, y1);
  canvas.lineTo(x2, y2);
}

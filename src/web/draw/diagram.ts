import { colourOf } from '../model/block-colour.ts';
import { kindOf } from '../model/message-kind.ts';
import type { Timeline } from '../model/timeline.ts';
import { drawBlock } from './block-square.ts';
import type { Theme } from './theme.ts';

/** Lines of messages that are drawn at most. */
const MAX_LINES = 4_000;
const BLOCK = 9;

/** What the space-time diagram shows: time runs to the right, each node is a horizontal line. */
export interface DiagramScene {
  readonly timeline: Timeline;
  /** Milliseconds since the Unix epoch at the left and the right edge. */
  readonly from: number;
  readonly to: number;
  /** The moment that the stage shows. */
  readonly time: number;
  /** Pixels that the names of the nodes take at the left. */
  readonly margin: number;
  readonly theme: Theme;
  readonly highlight: string | undefined;
  readonly hidden: ReadonlySet<string>;
}

/** Returns the height of a node's line in pixels. */
export function rowOf(index: number, count: number, height: number): number {
  return ((index + 0.5) * height) / Math.max(1, count);
}

/** Draws messages as slanted lines, and arrivals of blocks as staircases. Returns the number of lines left out. */
export function drawDiagram(
  canvas: CanvasRenderingContext2D,
  width: number,
  height: number,
  scene: DiagramScene,
): number {
  const { timeline, from, to, margin, theme, time } = scene;
  canvas.clearRect(0, 0, width, height);
  const names = [...timeline.nodes.keys()];
  const rows = new Map(names.map((name, i) => [name, rowOf(i, names.length, height)]));
  const x = (at: number) => margin + ((at - from) / (to - from)) * (width - margin);
  canvas.save();
  canvas.beginPath();
  canvas.rect(margin, 0, width - margin, height);
  canvas.clip();
  canvas.strokeStyle = theme.faint;
  canvas.lineWidth = 0.5;
  canvas.beginPath();
  for (const y of rows.values()) {
    canvas.moveTo(margin, y);
    canvas.lineTo(width, y);
  }
  canvas.stroke();
  const undrawn = drawLines(canvas, scene, rows, x);
  drawArrivals(canvas, scene, rows, x);
  canvas.strokeStyle = theme.ink;
  canvas.lineWidth = 1;
  canvas.beginPath();
  canvas.moveTo(x(time), 0);
  canvas.lineTo(x(time), height);
  canvas.stroke();
  canvas.restore();
  return undrawn;
}

function drawLines(
  canvas: CanvasRenderingContext2D,
  { timeline, from, to, theme, hidden }: DiagramScene,
  rows: ReadonlyMap<string, number>,
  x: (at: number) => number,
): number {
  const messages = timeline.messagesBetween(from, to).filter(({ command }) => !hidden.has(command));
  // The last ones: they are what happens now.
  const shown = messages.slice(-MAX_LINES);
  canvas.lineWidth = 1;
  for (const message of shown) {
    const [start, end] = [rows.get(message.from), rows.get(message.to)];
    if (start === undefined || end === undefined) continue;
    const link =
      timeline.linkAt(message.from, message.to, message.time) ??
      timeline.linkAt(message.to, message.from, message.time);
    canvas.strokeStyle = theme.kinds[kindOf(message.command)];
    canvas.globalAlpha = 0.7;
    canvas.beginPath();
    canvas.moveTo(x(message.time), start);
    canvas.lineTo(x(message.time + (link?.latency ?? 0)) + 3, end);
    canvas.stroke();
  }
  canvas.globalAlpha = 1;
  return messages.length - shown.length;
}

function drawArrivals(
  canvas: CanvasRenderingContext2D,
  { timeline, from, to, theme, highlight }: DiagramScene,
  rows: ReadonlyMap<string, number>,
  x: (at: number) => number,
): void {
  for (const { hash, arrivals } of timeline.blocks.values()) {
    const points = [...arrivals]
      .filter(([node, at]) => rows.has(node) && at >= from && at <= to)
      .map(([node, at]) => ({ node, x: x(at), y: rows.get(node)! }))
      .sort((a, b) => a.x - b.x);
    if (points.length === 0) continue;
    canvas.strokeStyle = colourOf(hash, theme.isDark);
    canvas.lineWidth = hash === highlight ? 4 : 2;
    canvas.beginPath();
    for (const [i, point] of points.entries()) {
      if (i === 0) canvas.moveTo(point.x, point.y);
      else canvas.lineTo(point.x, point.y);
    }
    canvas.stroke();
    for (const point of points) {
      const isHollow = timeline.nodes.get(point.node)?.role === 'light';
      drawBlock(canvas, { hash, x: point.x - BLOCK / 2, y: point.y - BLOCK / 2, size: BLOCK, isHollow }, theme);
    }
  }
}

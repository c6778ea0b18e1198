import { colourOf } from '../model/block-colour.ts';
import { flightOf } from '../model/messages/flight.ts';
import { kindOf, type MessageKind } from '../model/messages/message-kind.ts';
import type { Point } from '../model/stage/layout.ts';
import type { RowLabels } from '../model/stage/row-labels.ts';
import type { KnownMessage, Timeline } from '../model/timeline.ts';
import { drawBlock } from './block-square.ts';
import type { Theme } from './theme.ts';

/** Lines of messages that are drawn at most. */
const MAX_LINES = 1_500;
const BLOCK = 9;
/** Half the width of the cross at which a lost message ends. */
const CROSS = 4;
/** Pixels that a line runs to the right at least. */
const LEAST_SLANT = 3;
/** Pixels within which a click means a line. */
const REACH = 6;
/** Pixels above the first row and below the last. */
const EDGE = 5;

/** What the space-time diagram shows: time runs to the right, each node is a horizontal line. */
export interface DiagramScene {
  readonly timeline: Timeline;
  /** Milliseconds since the Unix epoch at the left and the right edge. */
  readonly from: number;
  readonly to: number;
  /** The moment that the stage shows. */
  readonly time: number;
  /** Where the names of the nodes stand, at the left. */
  readonly labels: RowLabels;
  readonly theme: Theme;
  readonly highlight: string | undefined;
  readonly hidden: ReadonlySet<string>;
  /** The last moment of which all is known. */
  readonly now: number;
  /** A message whose line stands out. */
  readonly lit?: KnownMessage | undefined;
}

/** Returns the height of a node's line in pixels. */
export function rowOf(index: number, count: number, height: number): number {
  // Room for half a line of text above the first and below the last one.
  return EDGE + ((index + 0.5) * (height - 2 * EDGE)) / Math.max(1, count);
}

/** Draws messages as slanted lines, and arrivals of blocks as staircases. Returns one in how many messages is drawn. */
export function drawDiagram(
  canvas: CanvasRenderingContext2D,
  width: number,
  height: number,
  scene: DiagramScene,
): number {
  const { labels, theme, time } = scene;
  const { margin } = labels;
  canvas.clearRect(0, 0, width, height);
  const { rows, x } = placesOf(scene, width, height);
  canvas.save();
  canvas.strokeStyle = theme.faint;
  canvas.lineWidth = 0.5;
  canvas.beginPath();
  for (const [i, y] of [...rows.values()].entries()) {
    // From its name on, past the names of the lines above and below.
    canvas.moveTo(Math.min(margin, ((labels.column(i) ?? labels.margin) + 1) * labels.width), y);
    canvas.lineTo(width, y);
  }
  canvas.stroke();
  canvas.beginPath();
  canvas.rect(margin, 0, width - margin, height);
  canvas.clip();
  const oneIn = drawLines(canvas, scene, rows, x);
  drawArrivals(canvas, scene, rows, x);
  canvas.strokeStyle = theme.ink;
  canvas.lineWidth = 1;
  canvas.beginPath();
  canvas.moveTo(x(time), 0);
  canvas.lineTo(x(time), height);
  canvas.stroke();
  canvas.restore();
  return oneIn;
}

/** Returns where nodes and moments are, in pixels. */
function placesOf(
  { timeline, from, to, labels: { margin } }: DiagramScene,
  width: number,
  height: number,
): { readonly rows: ReadonlyMap<string, number>; x(at: number): number } {
  const names = [...timeline.nodes.keys()];
  return {
    rows: new Map(names.map((name, i) => [name, rowOf(i, names.length, height)])),
    x: (at) => margin + ((at - from) / (to - from)) * (width - margin),
  };
}

function drawLines(
  canvas: CanvasRenderingContext2D,
  scene: DiagramScene,
  rows: ReadonlyMap<string, number>,
  x: (at: number) => number,
): number {
  const { timeline, theme, hidden, highlight, lit } = scene;
  const { messages } = timeline;
  const { start, end, step } = drawnOf(scene);
  const paths = new Map<string, { readonly kind: MessageKind; readonly isLit: boolean; readonly path: Path2D }>();
  for (let i = start; i < end; i += step) {
    const message = messages.at(i)!;
    const line = hidden.has(message.command) ? undefined : lineOf(scene, message, rows, x);
    if (!line) continue;
    const isLit =
      message === lit ||
      (highlight !== undefined && message.hashes.some((hash) => timeline.txidOf(hash) === highlight));
    const kind = kindOf(message.command);
    const key = `${kind} ${isLit}`;
    const { path } = paths.get(key) ?? { path: new Path2D() };
    paths.set(key, { kind, isLit, path });
    path.moveTo(line.x1, line.y1);
    path.lineTo(line.x2, line.y2);
    if (line.isLost) {
      path.moveTo(line.x2 - CROSS, line.y2 - CROSS);
      path.lineTo(line.x2 + CROSS, line.y2 + CROSS);
      path.moveTo(line.x2 - CROSS, line.y2 + CROSS);
      path.lineTo(line.x2 + CROSS, line.y2 - CROSS);
    }
  }
  // A stroke for each kind: one for each line takes many times as long.
  for (const { kind, isLit, path } of paths.values()) {
    canvas.strokeStyle = theme.kinds[kind];
    canvas.globalAlpha = isLit ? 1 : 0.7;
    canvas.lineWidth = isLit ? 3 : 1;
    canvas.stroke(path);
  }
  canvas.globalAlpha = 1;
  return step;
}

/** Returns which messages are drawn: all, or one in `step`, by their numbers, so that the next frame has the same ones. */
export function drawnOf({ timeline: { messages }, from, to }: DiagramScene): {
  start: number;
  end: number;
  step: number;
} {
  const [first, end] = [messages.lowerBound(from), messages.lowerBound(to)];
  let step = 1;
  while ((end - first) / step > MAX_LINES) step *= 2;
  return { start: first + ((step - ((messages.dropped + first) % step)) % step), end, step };
}

/** Where the line of a message begins and ends, in pixels. */
interface Line {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
  readonly isLost: boolean;
}

/** Returns the line of a message: to its receiver once it has arrived, else half of the way. */
function lineOf(
  { timeline, now }: Pick<DiagramScene, 'timeline' | 'now'>,
  message: KnownMessage,
  rows: ReadonlyMap<string, number>,
  x: (at: number) => number,
): Line | undefined {
  const [y1, end] = [rows.get(message.from), rows.get(message.to)];
  if (y1 === undefined || end === undefined) return undefined;
  const { arrived, isLost, duration } = flightOf(timeline, message, now);
  const [x1, y2] = [x(message.time), arrived === undefined ? (y1 + end) / 2 : end];
  // On loopback a message takes less than a pixel: a slight slant still shows its direction.
  return { x1, y1, x2: Math.max(x1 + LEAST_SLANT, x(message.time + duration)), y2, isLost };
}

/** Returns the message whose line is at a place, within a few pixels; undefined if there is none. */
export function messageAt(scene: DiagramScene, width: number, height: number, at: Point): KnownMessage | undefined {
  const { timeline, hidden } = scene;
  const { messages } = timeline;
  const { rows, x } = placesOf(scene, width, height);
  let [found, least]: [KnownMessage | undefined, number] = [undefined, REACH];
  const { start, end, step } = drawnOf(scene);
  for (let i = start; i < end; i += step) {
    const message = messages.at(i)!;
    if (hidden.has(message.command)) continue;
    const line = lineOf(scene, message, rows, x);
    const distance = line ? distanceTo(line, at) : Number.POSITIVE_INFINITY;
    if (distance <= least) [found, least] = [message, distance];
  }
  return found;
}

function distanceTo({ x1, y1, x2, y2 }: Line, at: Point): number {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const share = ((at.x - x1) * dx + (at.y - y1) * dy) / (dx * dx + dy * dy || 1);
  const part = Math.min(1, Math.max(0, share));
  return Math.hypot(at.x - x1 - part * dx, at.y - y1 - part * dy);
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

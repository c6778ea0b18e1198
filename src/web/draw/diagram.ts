import { colourOf } from '../model/block-colour.ts';
import { flightOf } from '../model/messages/flight.ts';
import { KEEP_ALIVE, kindOf, type MessageKind } from '../model/messages/message-kind.ts';
import type { Point } from '../model/stage/layout.ts';
import type { RowLabels } from '../model/stage/row-labels.ts';
import type { Axis } from '../model/time/axis.ts';
import { isAbout } from '../model/time/journey.ts';
import type { KnownMessage, Timeline } from '../model/timeline.ts';
import { drawBlock } from './block-square.ts';
import type { Theme } from './theme.ts';
import { AXIS_HEIGHT, drawTimeAxis } from './time-axis.ts';

/** Lines of messages that are drawn at most. */
const MAX_LINES = 1_500;
const BLOCK = 9;
/** Half the width of the cross at which a lost message ends. */
const CROSS = 4;
/** Pixels that a line runs to the right at least. */
const LEAST_SLANT = 3;
/** Milliseconds, beyond the latency of its link, for which a message may have been under way when the axis begins. */
const BEFORE_MS = 100;
/** Opacity of what has not happened at the moment shown. */
const FUTURE = 0.35;
/** Pixels above the first row and below the last. */
const EDGE = 5;

/** What the space-time diagram shows: time runs to the right, each node is a horizontal line. */
export interface DiagramScene {
  readonly timeline: Timeline;
  readonly axis: Axis;
  /** The moment that the stage shows. */
  readonly time: number;
  /** The moment from which marks on the axis count. */
  readonly zero: number;
  /** Says how much the axis leaves out at a place. */
  readonly skipped: (duration: string) => string;
  /** Where the names of the nodes stand, at the left. */
  readonly labels: RowLabels;
  readonly theme: Theme;
  readonly highlight: string | undefined;
  /** The last moment of which all is known. */
  readonly now: number;
  /** A message whose line stands out. */
  readonly lit?: KnownMessage | undefined;
}

/** Returns the height of a node's line in pixels. */
export function rowOf(index: number, count: number, height: number): number {
  // Room for half a line of text above the first and below the last one.
  return EDGE + ((index + 0.5) * (height - AXIS_HEIGHT - 2 * EDGE)) / Math.max(1, count);
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
  canvas.lineWidth = 1;
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
  drawTimeAxis(canvas, { ...scene, margin, width, height });
  const { step, paths } = pathsOf(scene, rows, x);
  for (const isFuture of [false, true]) {
    canvas.save();
    canvas.beginPath();
    if (isFuture) canvas.rect(x(time), 0, width, height);
    else canvas.rect(0, 0, x(time), height);
    canvas.clip();
    canvas.globalAlpha = isFuture ? FUTURE : 1;
    strokePaths(canvas, paths, theme);
    drawArrivals(canvas, scene, rows, x);
    canvas.restore();
  }
  canvas.strokeStyle = theme.ink;
  canvas.lineWidth = 1;
  canvas.beginPath();
  canvas.moveTo(x(time), 0);
  canvas.lineTo(x(time), height);
  canvas.stroke();
  canvas.restore();
  return step;
}

/** Returns where nodes and moments are, in pixels. */
function placesOf(
  { timeline, axis, labels: { margin } }: DiagramScene,
  width: number,
  height: number,
): { readonly rows: ReadonlyMap<string, number>; x(at: number): number } {
  const names = [...timeline.nodes.keys()];
  return {
    rows: new Map(names.map((name, i) => [name, rowOf(i, names.length, height)])),
    x: (at) => margin + axis.shareOf(at) * (width - margin),
  };
}

/** Lines of one kind. */
interface Lines {
  readonly kind: MessageKind;
  readonly isLit: boolean;
  readonly path: Path2D;
}

/** Returns the lines to draw, and one in how many messages has one. */
function pathsOf(
  scene: DiagramScene,
  rows: ReadonlyMap<string, number>,
  x: (at: number) => number,
): { readonly step: number; readonly paths: readonly Lines[] } {
  const { timeline, highlight, lit } = scene;
  const { messages } = timeline;
  const { start, end, step } = drawnOf(scene);
  const paths = new Map<string, Lines>();
  for (let i = start; i < end; i += step) {
    const message = messages.at(i)!;
    const line = lineOf(scene, message, rows, x);
    if (!line) continue;
    const isLit = message === lit || (highlight !== undefined && isAbout(timeline, message, highlight));
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
  return { step, paths: [...paths.values()] };
}

/** Draws lines with a stroke for each kind: one for each line takes many times as long. */
function strokePaths(canvas: CanvasRenderingContext2D, paths: readonly Lines[], { kinds }: Theme): void {
  for (const { kind, isLit, path } of paths) {
    canvas.strokeStyle = kinds[kind];
    canvas.lineWidth = isLit ? 3 : 1.5;
    canvas.stroke(path);
  }
}

/** Returns which messages are drawn: all, or one in `step`, by their numbers, so that the next frame has the same ones. */
export function drawnOf({ timeline, axis: { from, to } }: Pick<DiagramScene, 'timeline' | 'axis'>): {
  start: number;
  end: number;
  step: number;
} {
  const { links, messages } = timeline;
  const latencies = [...links.values()].map((link) => timeline.linkAt(link.from, link.to, from)?.latency ?? 0);
  const before = BEFORE_MS + latencies.reduce((most, each) => Math.max(most, each), 0);
  const [first, end] = [messages.lowerBound(from - before), messages.lowerBound(to)];
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
  { timeline, now, axis }: Pick<DiagramScene, 'timeline' | 'now' | 'axis'>,
  message: KnownMessage,
  rows: ReadonlyMap<string, number>,
  x: (at: number) => number,
): Line | undefined {
  const [y1, end] = [rows.get(message.from), rows.get(message.to)];
  if (y1 === undefined || end === undefined || KEEP_ALIVE.has(message.command)) return undefined;
  if (axis.isFolded(message.time)) return undefined;
  const { arrived, isLost, duration } = flightOf(timeline, message, now);
  const [x1, y2] = [x(message.time), arrived === undefined ? (y1 + end) / 2 : end];
  // On loopback a message takes less than a pixel: a slight slant still shows its direction.
  return { x1, y1, x2: Math.max(x1 + LEAST_SLANT, x(message.time + duration)), y2, isLost };
}

/** Returns the message whose line is at a place, within so many pixels; undefined if there is none. */
export function messageAt(
  scene: DiagramScene,
  { width, height, reach }: { readonly width: number; readonly height: number; readonly reach: number },
  at: Point,
): KnownMessage | undefined {
  const { messages } = scene.timeline;
  const { rows, x } = placesOf(scene, width, height);
  let [found, least]: [KnownMessage | undefined, number] = [undefined, reach];
  const { start, end, step } = drawnOf(scene);
  for (let i = start; i < end; i += step) {
    const message = messages.at(i)!;
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
  { timeline, axis: { from, to }, theme, highlight }: DiagramScene,
  rows: ReadonlyMap<string, number>,
  x: (at: number) => number,
): void {
  for (const { hash, arrivals } of timeline.blocks.values()) {
    const known = [...arrivals].filter(([node]) => rows.has(node)).sort((a, b) => a[1] - b[1]);
    if (known.length === 0 || known[0]![1] > to || known.at(-1)![1] < from) continue;
    const points = known.map(([node, at]) => ({ node, x: x(at), y: rows.get(node)! }));
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

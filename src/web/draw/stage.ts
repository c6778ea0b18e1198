import { flightOf, LOST_MS, linkOf } from '../model/messages/flight.ts';
import { kindOf } from '../model/messages/message-kind.ts';
import type { Point } from '../model/stage/layout.ts';
import type { KnownMessage, NodeHistory, Timeline } from '../model/timeline.ts';
import { drawBlock } from './block-square.ts';
import { drawLinks, drawLinkWords, opacityOf } from './links.ts';
import { drawMessage, messageSize } from './message-shape.ts';
import type { StageScene } from './stage-scene.ts';
import type { Theme } from './theme.ts';

/** Pixels of a block's square, and between two dots of a mempool. */
const BLOCK = 13;
const DOT_GAP = 6;
const DOTS_IN_ROW = 8;
/** Milliseconds of the reader's time for which a message is drawn at least: on loopback it arrives in less than a frame. */
const LEAST_FLIGHT_MS = 450;
/** Where a message waits that should have arrived, as a share of its way. */
const NEARLY = 0.9;
/** Messages that are drawn at most; others are counted. */
const MAX_FLIGHTS = 250;

/** Draws links, messages and the columns of the nodes. Returns the number of messages that were too many to be drawn. */
export function drawStage(canvas: CanvasRenderingContext2D, scene: StageScene): number {
  drawLinks(canvas, scene);
  const undrawn = drawMessages(canvas, scene);
  for (const node of scene.timeline.nodes.values()) drawColumn(canvas, node, scene);
  drawLinkWords(canvas, scene);
  return undrawn;
}

function drawMessages(canvas: CanvasRenderingContext2D, scene: StageScene): number {
  const { timeline, time, places, theme, hidden } = scene;
  let drawn = 0;
  let undrawn = 0;
  const least = LEAST_FLIGHT_MS / scene.pace;
  // The longest flight decides how far back to look.
  const longest = [...timeline.links.values()].reduce(
    (ms, { from, to }) => Math.max(ms, timeline.linkAt(from, to, time)?.latency ?? 0),
    least,
  );
  const { messages } = timeline;
  const end = messages.lowerBound(time);
  for (let i = messages.lowerBound(time - longest - LOST_MS); i < end; i++) {
    const message = messages.at(i)!;
    // Longer under way than any link takes is only what has not arrived.
    if (message.time < time - longest && (message.id === undefined || message.arrived !== undefined)) continue;
    if (hidden.has(message.command)) continue;
    const [a, b] = [places.get(message.from), places.get(message.to)];
    if (!a || !b) continue;
    const progress = progressOf(timeline, message, { time, least });
    if (progress > 1) continue;
    if (drawn >= MAX_FLIGHTS) {
      undrawn += message.count;
      continue;
    }
    drawn++;
    canvas.globalAlpha = opacityOf(scene, message.from, message.to);
    drawFlight(canvas, { message, a, b, progress: scene.hasMotion ? progress : 0.5 }, theme);
  }
  canvas.globalAlpha = 1;
  return undrawn;
}

function drawFlight(
  canvas: CanvasRenderingContext2D,
  {
    message,
    a,
    b,
    progress,
  }: { readonly message: KnownMessage; readonly a: Point; readonly b: Point; readonly progress: number },
  theme: Theme,
): void {
  const { command, count, bytes } = message;
  const kind = kindOf(command);
  const angle = Math.atan2(b.y - a.y, b.x - a.x);
  // The two directions of a link side by side.
  const [ox, oy] = [-Math.sin(angle) * 5, Math.cos(angle) * 5];
  const [x, y] = [a.x + (b.x - a.x) * progress + ox, a.y + (b.y - a.y) * progress + oy];
  drawMessage(canvas, kind, { x, y, size: messageSize(bytes / count), angle }, theme.kinds[kind]);
  if (count > 1) {
    canvas.fillStyle = theme.ink;
    canvas.font = '10px ui-monospace, monospace';
    canvas.textAlign = 'left';
    canvas.fillText(`×${count}`, x + 7, y - 5);
  }
}

function drawColumn(canvas: CanvasRenderingContext2D, { name, role }: NodeHistory, scene: StageScene): void {
  const { timeline, time, places, theme, highlight, column } = scene;
  const { blocks } = column;
  const place = places.get(name);
  const moment = timeline.nodeAt(name, time);
  if (!place || !moment || blocks === 0) return;
  const left = place.x - BLOCK / 2;
  // Ground on which the column stands, so that links end at it.
  canvas.fillStyle = theme.paper;
  canvas.globalAlpha = 1;
  canvas.fillRect(left - 5, place.y - BLOCK / 2 - 5, BLOCK + 10, blocks * (BLOCK + 2) + 10);
  canvas.globalAlpha = Math.min(moment.status === 'running' ? 1 : 0.35, opacityOf(scene, name));
  const chain = timeline.chainFrom(moment.tip, blocks);
  for (const [i, { hash }] of chain.entries()) {
    const y = place.y - BLOCK / 2 + i * (BLOCK + 2);
    drawBlock(canvas, { hash, x: left, y, size: BLOCK, isHollow: role === 'light' }, theme);
    if (hash === highlight) outline(canvas, left, y, theme);
  }
  if (moment.mempool !== null) drawMempool(canvas, name, moment.mempool, place, scene);
  canvas.globalAlpha = 1;
}

function drawMempool(
  canvas: CanvasRenderingContext2D,
  name: string,
  count: number,
  place: Point,
  { timeline, time, theme, highlight, column: { blocks, dots } }: StageScene,
): void {
  const top = place.y - BLOCK / 2 + blocks * (BLOCK + 2) + 4;
  const width = DOTS_IN_ROW * DOT_GAP;
  const left = place.x - width / 2;
  canvas.strokeStyle = theme.faint;
  canvas.lineWidth = 1;
  canvas.beginPath();
  canvas.moveTo(left, top - 2);
  canvas.lineTo(left + width, top - 2);
  canvas.stroke();
  // The dots are alike, but for one that is lit: only then it matters which is which.
  const isThere = highlight !== undefined && timeline.transactions.get(highlight)?.stays.isIn(name, time);
  const known = isThere ? timeline.mempoolAt(name, time, dots) : [];
  // The count comes a little later than what it counts.
  for (let i = 0; i < Math.min(Math.max(count, known.length), dots); i++) {
    const [x, y] = [left + (i % DOTS_IN_ROW) * DOT_GAP + 3, top + 3 + Math.floor(i / DOTS_IN_ROW) * DOT_GAP];
    const isLit = highlight !== undefined && known[i]?.txid === highlight;
    canvas.fillStyle = isLit ? theme.ink : theme.kinds.transaction;
    canvas.beginPath();
    canvas.arc(x, y, isLit ? 3.5 : 2, 0, 2 * Math.PI);
    canvas.fill();
  }
  if (count > dots) {
    canvas.fillStyle = theme.ink;
    canvas.font = '10px ui-monospace, monospace';
    canvas.textAlign = 'center';
    canvas.fillText(`+${count - dots}`, place.x, top + 14 + (dots / DOTS_IN_ROW) * DOT_GAP);
  }
}

function outline(canvas: CanvasRenderingContext2D, x: number, y: number, theme: Theme): void {
  canvas.strokeStyle = theme.ink;
  canvas.lineWidth = 2;
  canvas.strokeRect(x - 2, y - 2, BLOCK + 4, BLOCK + 4);
}

/** Returns how far a message is on its way: above 1 once it is there. */
function progressOf(
  timeline: Timeline,
  message: KnownMessage,
  { time, least }: { readonly time: number; readonly least: number },
): number {
  const elapsed = time - message.time;
  // Of the past it is known when it will arrive.
  if (message.arrived !== undefined) return elapsed / Math.max(least, message.arrived - message.time);
  const { arrived, isLost, duration } = flightOf(timeline, message, time);
  if (arrived !== undefined) return elapsed / Math.max(least, duration);
  // What has not arrived waits before its receiver.
  const expected = elapsed / Math.max(least, linkOf(timeline, message)?.latency ?? 0);
  return isLost ? Number.POSITIVE_INFINITY : Math.min(NEARLY, expected);
}

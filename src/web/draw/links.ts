import type { Point } from '../model/stage/layout.ts';
import { type LinkWords, placeWords, WORDS_HEIGHT } from '../model/stage/link-words.ts';
import { extentOf } from '../model/stage/stage-layout.ts';
import type { LinkMoment } from '../model/timeline.ts';
import type { StageScene } from './stage-scene.ts';

/** Links up to which each has its arrow and the words of its faults. */
const MAX_WORDY = 60;
/** Pixels between the two lines of an encrypted link. */
const DOUBLE = 3.5;
/** Part of a link that carries nothing that is a gap, around its middle. */
const GAP = 0.36;
/** Opacity of a link to a node that does not run. */
const DOWN = 0.4;

/** Returns the opacity of what belongs to some nodes. */
export function opacityOf({ focus }: Pick<StageScene, 'focus'>, ...names: readonly string[]): number {
  return !focus || names.every((name) => focus.has(name)) ? 1 : 0.2;
}

/**
 * Draws the links: an arrow to the node that accepted the connection, two lines if it is encrypted, dashes by latency, and a gap if
 * it carries nothing: it is cut, or one of its nodes is stopped.
 */
export function drawLinks(canvas: CanvasRenderingContext2D, scene: StageScene): void {
  const { timeline, places, theme, time, isEncrypted } = scene;
  const isWordy = isWordyScene(scene);
  for (const { from, to } of timeline.links.values()) {
    const [a, b] = [places.get(from), places.get(to)];
    const link = timeline.linkAt(from, to, time);
    if (!a || !b || !link) continue;
    const isFaint = isDown(scene, from, to);
    const hasGap = link.isCut || isFaint;
    canvas.strokeStyle = theme.faint;
    // Many links are a ground on which other things are seen.
    canvas.globalAlpha = (isWordy ? 1 : 0.6) * (isFaint ? DOWN : 1) * opacityOf(scene, from, to);
    canvas.lineWidth = link.bandwidth > 0 || !isWordy ? 0.75 : 1.5;
    // The slower the link, the longer its dashes.
    canvas.setLineDash(link.latency > 0 ? [4 + Math.min(20, link.latency / 10), 4] : []);
    canvas.beginPath();
    const isDouble = isEncrypted(from, to);
    for (const offset of isDouble ? [-DOUBLE / 2, DOUBLE / 2] : [0]) drawLine(canvas, a, b, offset, hasGap);
    canvas.stroke();
    canvas.setLineDash([]);
    if (isWordy && !hasGap) drawArrow(canvas, a, b);
    canvas.globalAlpha = 1;
  }
  markLinks(canvas, scene);
}

/** Draws the faults of the links in words, over everything else and where no node stands. */
export function drawLinkWords(canvas: CanvasRenderingContext2D, scene: StageScene): void {
  const { timeline, places, time, density } = scene;
  if (!isWordyScene(scene)) return;
  canvas.font = '11px ui-monospace, monospace';
  const found: (LinkWords & { readonly text: string; readonly opacity: number })[] = [];
  for (const { from, to } of timeline.links.values()) {
    const [a, b] = [places.get(from), places.get(to)];
    const link = timeline.linkAt(from, to, time);
    const text = link && !isDown(scene, from, to) ? faultsOf(link) : '';
    if (!a || !b || text === '') continue;
    found.push({
      from: a,
      to: b,
      text,
      width: canvas.measureText(text).width + 6,
      opacity: opacityOf(scene, from, to),
    });
  }
  if (found.length === 0) return;
  const nodes = [...places].map(([name, { x, y }]) => {
    const { left, right, top, bottom } = extentOf(name, density);
    return { left: x - left, right: x + right, top: y - top, bottom: y + bottom };
  });
  for (const [i, at] of placeWords(found, nodes).entries()) {
    if (!at) continue;
    canvas.globalAlpha = found[i]!.opacity;
    drawWords(canvas, found[i]!, at, scene);
  }
  canvas.globalAlpha = 1;
}

function markLinks(canvas: CanvasRenderingContext2D, { places, theme, marked }: StageScene): void {
  canvas.strokeStyle = theme.bad;
  canvas.lineWidth = 4;
  canvas.beginPath();
  for (const { from, to } of marked) {
    const [a, b] = [places.get(from), places.get(to)];
    if (a && b) drawLine(canvas, a, b, 0, false);
  }
  canvas.stroke();
}

/** Returns whether a node at an end of a link is stopped. */
function isDown({ timeline, time }: StageScene, ...names: readonly string[]): boolean {
  return names.some((name) => timeline.nodeAt(name, time)?.status === 'stopped');
}

function isWordyScene({ timeline }: StageScene): boolean {
  return timeline.links.size <= MAX_WORDY;
}

/** Returns the faults of a link in numbers and units; empty if it has none. */
export function faultsOf({ latency, jitter, loss, bandwidth }: Omit<LinkMoment, 'time' | 'isCut'>): string {
  const words = [
    latency > 0 || jitter > 0 ? `${latency}${jitter > 0 ? `±${jitter}` : ''} ms` : '',
    loss > 0 ? `−${Number((loss * 100).toPrecision(2))}%` : '',
    bandwidth > 0 ? rateText(bandwidth) : '',
  ];
  return words.filter((word) => word !== '').join(' · ');
}

function rateText(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B/s`;
  return bytes < 1_000_000
    ? `${Number((bytes / 1_000).toPrecision(3))} kB/s`
    : `${Number((bytes / 1_000_000).toPrecision(3))} MB/s`;
}

function drawLine(canvas: CanvasRenderingContext2D, a: Point, b: Point, offset: number, hasGap: boolean): void {
  const length = Math.max(1, Math.hypot(b.x - a.x, b.y - a.y));
  const [ox, oy] = [(-(b.y - a.y) / length) * offset, ((b.x - a.x) / length) * offset];
  const at = (share: number): [number, number] => [a.x + (b.x - a.x) * share + ox, a.y + (b.y - a.y) * share + oy];
  canvas.moveTo(...at(0));
  if (hasGap) {
    canvas.lineTo(...at(0.5 - GAP / 2));
    canvas.moveTo(...at(0.5 + GAP / 2));
  }
  canvas.lineTo(...at(1));
}

/** Draws the head of an arrow, nearer to the end where the connection was accepted. */
function drawArrow(canvas: CanvasRenderingContext2D, a: Point, b: Point): void {
  const angle = Math.atan2(b.y - a.y, b.x - a.x);
  const [x, y] = [a.x + (b.x - a.x) * 0.62, a.y + (b.y - a.y) * 0.62];
  canvas.lineWidth = 1.5;
  canvas.beginPath();
  for (const side of [-0.45, 0.45]) {
    canvas.moveTo(x, y);
    canvas.lineTo(x - Math.cos(angle + side) * 9, y - Math.sin(angle + side) * 9);
  }
  canvas.stroke();
}

function drawWords(
  canvas: CanvasRenderingContext2D,
  { text, width }: { readonly text: string; readonly width: number },
  { x, y }: Point,
  { theme }: StageScene,
): void {
  canvas.textAlign = 'center';
  canvas.textBaseline = 'middle';
  canvas.fillStyle = theme.paper;
  canvas.fillRect(x - width / 2, y - WORDS_HEIGHT / 2, width, WORDS_HEIGHT);
  canvas.fillStyle = theme.ink;
  canvas.fillText(text, x, y);
  canvas.textBaseline = 'alphabetic';
}

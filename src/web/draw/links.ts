import type { Point } from '../model/stage/layout.ts';
import type { LinkMoment } from '../model/timeline.ts';
import type { StageScene } from './stage-scene.ts';

/** Links up to which each has its arrow and the words of its faults. */
const MAX_WORDY = 60;
/** Pixels between the two lines of an encrypted link. */
const DOUBLE = 3.5;
/** Part of a cut link that is a gap, around its middle. */
const GAP = 0.36;

/** Returns the opacity of what belongs to some nodes. */
export function opacityOf({ focus }: Pick<StageScene, 'focus'>, ...names: readonly string[]): number {
  return !focus || names.every((name) => focus.has(name)) ? 1 : 0.2;
}

/**
 * Draws the links: an arrow to the node that accepted the connection, two lines if it is encrypted, dashes by latency, a gap if
 * it is cut, and its faults in words.
 */
export function drawLinks(canvas: CanvasRenderingContext2D, scene: StageScene): void {
  const { timeline, places, theme, time, isEncrypted } = scene;
  const isWordy = timeline.links.size <= MAX_WORDY;
  for (const { from, to } of timeline.links.values()) {
    const [a, b] = [places.get(from), places.get(to)];
    const link = timeline.linkAt(from, to, time);
    if (!a || !b || !link) continue;
    canvas.strokeStyle = theme.faint;
    // Many links are a ground on which other things are seen.
    canvas.globalAlpha = (isWordy ? 1 : 0.6) * opacityOf(scene, from, to);
    canvas.lineWidth = link.bandwidth > 0 || !isWordy ? 0.75 : 1.5;
    // The slower the link, the longer its dashes.
    canvas.setLineDash(link.latency > 0 ? [4 + Math.min(20, link.latency / 10), 4] : []);
    canvas.beginPath();
    const isDouble = isEncrypted(from, to);
    for (const offset of isDouble ? [-DOUBLE / 2, DOUBLE / 2] : [0]) drawLine(canvas, a, b, offset, link.isCut);
    canvas.stroke();
    canvas.setLineDash([]);
    if (isWordy && !link.isCut) drawArrow(canvas, a, b);
    canvas.globalAlpha = 1;
    const words = faultsOf(link);
    if (isWordy && words !== '') drawWords(canvas, words, { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }, scene);
  }
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

function drawLine(canvas: CanvasRenderingContext2D, a: Point, b: Point, offset: number, isCut: boolean): void {
  const length = Math.max(1, Math.hypot(b.x - a.x, b.y - a.y));
  const [ox, oy] = [(-(b.y - a.y) / length) * offset, ((b.x - a.x) / length) * offset];
  const at = (share: number): [number, number] => [a.x + (b.x - a.x) * share + ox, a.y + (b.y - a.y) * share + oy];
  canvas.moveTo(...at(0));
  if (isCut) {
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

function drawWords(canvas: CanvasRenderingContext2D, words: string, { x, y }: Point, { theme }: StageScene): void {
  canvas.font = '11px ui-monospace, monospace';
  canvas.textAlign = 'center';
  canvas.textBaseline = 'middle';
  const width = canvas.measureText(words).width + 6;
  canvas.fillStyle = theme.paper;
  canvas.fillRect(x - width / 2, y - 8, width, 16);
  canvas.fillStyle = theme.ink;
  canvas.fillText(words, x, y);
  canvas.textBaseline = 'alphabetic';
}

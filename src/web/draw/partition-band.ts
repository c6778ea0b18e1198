import type { Point } from '../model/stage/layout.ts';
import type { Theme } from './theme.ts';

/** Pixels of a square of the band, and of the ground around a node that stays free of it. */
const STEP = 4;
const FREE = 14;

/** What a band divides. */
export interface BandScene {
  readonly places: ReadonlyMap<string, Point>;
  /** The number of the part that each node is in. */
  readonly parts: ReadonlyMap<string, number>;
  readonly width: number;
  readonly height: number;
  /** Pixels: half of what is between the nearest nodes of two parts at most. */
  readonly bandWidth: number;
  readonly theme: Theme;
}

/** The band of empty ground between the parts of a network that is divided. It is drawn once for each division. */
export class PartitionBand {
  #last: BandScene | undefined;
  #image: HTMLCanvasElement | undefined;

  draw(canvas: CanvasRenderingContext2D, scene: BandScene): void {
    const last = this.#last;
    const isSame = last && (Object.keys(scene) as (keyof BandScene)[]).every((name) => last[name] === scene[name]);
    if (!isSame) this.#image = paint(scene);
    this.#last = scene;
    canvas.drawImage(this.#image!, 0, 0, scene.width, scene.height);
  }
}

/**
 * Returns whether a place is in the band: nearly as near to a node of another part as to the nearest node. Thus the band
 * runs in the middle between the parts, wherever their nodes stand.
 */
export function isInBand(
  x: number,
  y: number,
  nodes: readonly { readonly x: number; readonly y: number; readonly part: number }[],
  bandWidth: number,
): boolean {
  let [nearest, part] = [Number.POSITIVE_INFINITY, -1];
  for (const node of nodes) {
    const distance = Math.hypot(node.x - x, node.y - y);
    if (distance < nearest) [nearest, part] = [distance, node.part];
  }
  if (nearest < FREE) return false;
  return nodes.some((node) => node.part !== part && Math.hypot(node.x - x, node.y - y) - nearest < bandWidth);
}

function paint({ places, parts, width, height, bandWidth, theme }: BandScene): HTMLCanvasElement {
  const image = document.createElement('canvas');
  image.width = Math.max(1, Math.round(width));
  image.height = Math.max(1, Math.round(height));
  const canvas = image.getContext('2d')!;
  const nodes = [...places].flatMap(([name, place]) => {
    const part = parts.get(name);
    return part === undefined ? [] : [{ ...place, part }];
  });
  canvas.fillStyle = theme.faint;
  canvas.globalAlpha = 0.5;
  for (let y = 0; y < height; y += STEP) {
    // Stripes, one square in two, so that it is no surface of its own.
    for (let x = 0; x < width; x += STEP) {
      if ((x / STEP + y / STEP) % 3 === 0 && isInBand(x + STEP / 2, y + STEP / 2, nodes, bandWidth)) {
        canvas.fillRect(x, y, STEP, STEP);
      }
    }
  }
  return image;
}

import { createSignal } from 'solid-js';
import type { Point } from './layout.ts';

/** Where the reader has put nodes, as shares of the ground's width and height; kept in the browser for each network. */
export class KeptPlaces {
  /** By the node's name. */
  readonly places: () => ReadonlyMap<string, Point>;
  readonly #setPlaces: (places: ReadonlyMap<string, Point>) => void;
  readonly #storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  readonly #key: string;

  constructor(network: string, storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> = localStorage) {
    this.#key = `places ${network}`;
    this.#storage = storage;
    const [places, setPlaces] = createSignal<ReadonlyMap<string, Point>>(parse(storage.getItem(this.#key)));
    this.places = places;
    this.#setPlaces = (value) => setPlaces(() => value);
  }

  move(name: string, place: Point): void {
    const share = (value: number) => Math.round(Math.max(0, Math.min(1, value)) * 10_000) / 10_000;
    const places = new Map(this.places()).set(name, { x: share(place.x), y: share(place.y) });
    this.#storage.setItem(this.#key, JSON.stringify(Object.fromEntries(places)));
    this.#setPlaces(places);
  }

  /** Forgets them: the page places the nodes. */
  clear(): void {
    this.#storage.removeItem(this.#key);
    this.#setPlaces(new Map());
  }
}

/** Reads places that this page, or an older one, has kept. */
function parse(text: string | null): Map<string, Point> {
  try {
    const kept = Object.entries(JSON.parse(text ?? '{}') as Record<string, Partial<Point>>);
    return new Map(
      kept.flatMap(([name, { x, y }]): [string, Point][] =>
        Number.isFinite(x) && Number.isFinite(y) ? [[name, { x: x!, y: y! }]] : [],
      ),
    );
  } catch {
    return new Map();
  }
}

import { type Random, randomInt } from '../../src/platform/random.ts';

/** The random decisions of a test, all drawn from one source, so that a seed repeats them. */
export class Choice {
  readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  /** Draws an integer from 0 to `bound - 1`. */
  int(bound: number): number {
    return randomInt(this.random, bound);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.int(items.length)]!;
  }

  /** Returns true with probability 1 / `oneIn`. */
  chance(oneIn: number): boolean {
    return this.int(oneIn) === 0;
  }

  bytes(length: number): Uint8Array {
    return this.random.bytes(length);
  }

  /** Returns a copy with one bit flipped. */
  flipBit(bytes: Uint8Array): Uint8Array {
    const copy = bytes.slice();
    if (copy.length > 0) copy[this.int(copy.length)]! ^= 1 << this.int(8);
    return copy;
  }

  shuffle<T>(items: readonly T[]): T[] {
    const rest = [...items];
    return items.map(() => rest.splice(this.int(rest.length), 1)[0]!);
  }
}

import { type Random, randomInt } from '../../src/platform/random.ts';

/** Decisions of a test, all drawn from one source of randomness. */
export class Choice {
  readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  /** From 0 up to, but without, `bound`. */
  int(bound: number): number {
    return randomInt(this.random, bound);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.int(items.length)]!;
  }

  chance(oneIn: number): boolean {
    return this.int(oneIn) === 0;
  }

  bytes(length: number): Uint8Array {
    return this.random.bytes(length);
  }

  /** The same bytes but for one bit; none where there are none. */
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

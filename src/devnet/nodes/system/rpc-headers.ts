import { fromHex, toHex } from '../../../bytes/hex.ts';
import { type HeaderContext, medianTimePast } from '../../../consensus/header-context.ts';
import { BlockHeader } from '../../../primitives/header.ts';

/** A header with its ancestors. */
class KnownHeader implements HeaderContext {
  readonly hash: Uint8Array;
  readonly height: number;
  readonly time: number;
  readonly bits: number;
  readonly version: number;
  readonly prev: KnownHeader | undefined;

  constructor({ hash, time, bits, version }: BlockHeader, prev: KnownHeader | undefined) {
    this.hash = hash;
    this.height = prev ? prev.height + 1 : 0;
    this.time = time;
    this.bits = bits;
    this.version = version;
    this.prev = prev;
  }

  ancestor(height: number): HeaderContext | undefined {
    if (height > this.height || height < 0) return undefined;
    let at: KnownHeader = this;
    while (at.height > height) at = at.prev!;
    return at;
  }

  medianTimePast(): number {
    return medianTimePast(this);
  }
}

/** Headers requested at a time. */
const BATCH = 100;

/** The headers of a node in another process, with all their ancestors: each is requested once. */
export class RpcHeaders {
  readonly #call: (method: string, params: unknown[]) => Promise<unknown>;
  /** By hash, as hex in the order of RPC. */
  readonly #known = new Map<string, KnownHeader>();

  constructor(call: (method: string, params: unknown[]) => Promise<unknown>) {
    this.#call = call;
  }

  /** Returns the header with a hash (internal byte order) and its ancestors; undefined if the node does not have it. */
  async get(hash: Uint8Array): Promise<HeaderContext | undefined> {
    const missing: { readonly hash: string; readonly header: BlockHeader }[] = [];
    let at = toHex(hash.toReversed());
    for (;;) {
      if (this.#known.has(at)) break;
      const [first] = await this.#request([at]);
      if (!first) return undefined;
      missing.push({ hash: at, header: first });
      const { prevHash } = first;
      if (prevHash.every((byte) => byte === 0)) break;
      at = toHex(prevHash.toReversed());
      for (const ancestor of await this.#activeBefore(at)) {
        if (ancestor.hash !== at || this.#known.has(at)) break;
        missing.push(ancestor);
        at = toHex(ancestor.header.prevHash.toReversed());
      }
      if (missing.at(-1)!.header.prevHash.every((byte) => byte === 0)) break;
    }
    let prev = this.#known.get(at);
    for (const { hash: name, header } of missing.toReversed()) {
      prev = new KnownHeader(header, prev);
      this.#known.set(name, prev);
    }
    return prev;
  }

  /** Returns the header with a hash and those before it, highest first, if it is in the active chain. */
  async #activeBefore(hash: string): Promise<{ readonly hash: string; readonly header: BlockHeader }[]> {
    const info = (await this.#call('getblockheader', [hash])) as { height: number; confirmations: number };
    if (info.confirmations < 0) return [];
    const heights = Array.from({ length: Math.min(BATCH, info.height + 1) }, (_, i) => info.height - i);
    const hashes = (await Promise.all(heights.map((height) => this.#call('getblockhash', [height])))) as string[];
    const headers = await this.#request(hashes);
    return hashes.flatMap((each, i) => (headers[i] ? [{ hash: each, header: headers[i] }] : []));
  }

  #request(hashes: readonly string[]): Promise<(BlockHeader | undefined)[]> {
    return Promise.all(
      hashes.map(async (hash) => {
        const hex = await this.#call('getblockheader', [hash, false]).catch(() => undefined);
        return hex === undefined ? undefined : BlockHeader.decode(fromHex(hex as string));
      }),
    );
  }
}

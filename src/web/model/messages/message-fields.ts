import { DecodeError } from '../../../bytes/errors.ts';
import { toHex, toReversedHex } from '../../../bytes/hex.ts';
import { ByteReader } from '../../../bytes/reader.ts';
import { formatAmount } from '../../../primitives/amount.ts';

/** Items of a list that are shown one by one; the others are one field. */
const MAX_ITEMS = 60;

/** A part of a message's payload. */
export interface MessageField {
  /** As in the protocol's documentation. */
  readonly name: string;
  /** How deep it is within lists and structures, from 0. */
  readonly depth: number;
  readonly value: string;
  /** Empty for a heading. */
  readonly bytes: Uint8Array;
  /** The block or transaction that the value names, in the byte order of RPC. */
  readonly hash?: { readonly of: 'block' | 'transaction'; readonly id: string };
}

/** The fields of a payload, and what could not be read of it. */
export interface DecodedMessage {
  readonly fields: readonly MessageField[];
  /** Bytes after the last field. */
  readonly rest: Uint8Array;
  /** Why the rest could not be read; undefined if it could. */
  readonly fault: string | undefined;
}

/** Returns the fields of a message's payload, in the order of its bytes, as far as they can be read. */
export function messageFields(command: string, payload: Uint8Array): DecodedMessage {
  const reader = new FieldReader(payload);
  let fault: string | undefined;
  try {
    layouts[command]?.(reader);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    fault = error.message;
  }
  return { fields: reader.fields, rest: payload.subarray(reader.end), fault };
}

type Layout = (reader: FieldReader) => void;

/** Reads fields one after the other, and keeps each with its bytes. */
class FieldReader {
  readonly fields: MessageField[] = [];
  /** Where the field after the last one begins. */
  end = 0;
  readonly #reader: ByteReader;
  #depth = 0;
  /** Whether fields are only passed over. */
  #isSilent = false;

  constructor(payload: Uint8Array) {
    this.#reader = new ByteReader(payload);
  }

  get remaining(): number {
    return this.#reader.remaining;
  }

  /** The next byte, which is not read yet; undefined at the end. */
  get next(): number | undefined {
    return this.#reader.input[this.#reader.offset];
  }

  u8(name: string, say = (value: number) => String(value)): number {
    return this.#add(name, (reader) => reader.u8(), say);
  }

  u32(name: string, say = (value: number) => String(value)): number {
    return this.#add(name, (reader) => reader.u32(), say);
  }

  i32(name: string): number {
    return this.#add(name, (reader) => reader.u32() | 0, String);
  }

  u64(name: string, say = (value: bigint) => String(value)): bigint {
    return this.#add(name, (reader) => reader.u64(), say);
  }

  time32(name: string): number {
    return this.u32(name, sayTime);
  }

  hex32(name: string): number {
    return this.u32(name, (value) => `0x${value.toString(16).padStart(8, '0')}`);
  }

  port(name: string): number {
    return this.#add(name, (reader) => reader.u16be(), String);
  }

  compact(name: string): number {
    return this.#add(name, (reader) => reader.compactNumber(), String);
  }

  amount(name: string): bigint {
    return this.u64(name, (satoshis) => `${formatAmount(BigInt.asIntN(64, satoshis))} BTC`);
  }

  bytes(name: string, length: number, say: (bytes: Uint8Array) => string = toHex): Uint8Array {
    return this.#add(name, (reader) => reader.bytes(length), say);
  }

  /** Bytes after their number. */
  varBytes(name: string, say: (bytes: Uint8Array) => string = sayBytes): Uint8Array {
    return this.#add(name, (reader) => reader.varBytes(), say);
  }

  hash(name: string, of?: 'block' | 'transaction'): string {
    const start = this.#reader.offset;
    const id = toReversedHex(this.#reader.hash());
    this.#push(name, id, start, of && { of, id });
    return id;
  }

  /** A structure: a heading, below which its fields stand. */
  group(name: string, layout: Layout): void {
    if (!this.#isSilent) this.fields.push({ name, depth: this.#depth, value: '', bytes: new Uint8Array() });
    this.#depth++;
    layout(this);
    this.#depth--;
  }

  /** A list after its length; `name` is that of one item. */
  list(name: string, layout: Layout, hasHeadings = true): void {
    const count = this.compact(`${name} count`);
    this.items(name, count, layout, hasHeadings);
  }

  /** A list of which the length is known. */
  items(name: string, count: number, layout: Layout, hasHeadings = true): void {
    for (let i = 0; i < Math.min(count, MAX_ITEMS); i++) {
      if (hasHeadings) this.group(`${name} ${i}`, layout);
      else layout(this);
    }
    if (count <= MAX_ITEMS) return;
    const start = this.#reader.offset;
    const wasSilent = this.#isSilent;
    this.#isSilent = true;
    for (let i = MAX_ITEMS; i < count; i++) layout(this);
    this.#isSilent = wasSilent;
    this.#push(`${name} ${MAX_ITEMS}–${count - 1}`, '…', start);
  }

  #add<T>(name: string, read: (reader: ByteReader) => T, say: (value: T) => string): T {
    const start = this.#reader.offset;
    const value = read(this.#reader);
    this.#push(name, this.#isSilent ? '' : say(value), start);
    return value;
  }

  #push(name: string, value: string, start: number, hash?: MessageField['hash']): void {
    if (this.#isSilent) return;
    const { input, offset } = this.#reader;
    const bytes = input.subarray(start, offset);
    this.fields.push({ name, depth: this.#depth, value, bytes, ...(hash ? { hash } : {}) });
    this.end = offset;
  }
}

function sayBytes(bytes: Uint8Array): string {
  return bytes.length === 0 ? '0 B' : `${bytes.length} B: ${toHex(bytes)}`;
}

/** Returns seconds since the Unix epoch with the date, if they have one. */
function sayTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? String(seconds) : `${seconds} (${date.toISOString().slice(0, 19)}Z)`;
}

const sayText = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const sayFlags = (flags: bigint) => `0x${flags.toString(16)}`;

const invTypes: Readonly<Record<number, string>> = {
  1: 'MSG_TX',
  2: 'MSG_BLOCK',
  3: 'MSG_FILTERED_BLOCK',
  4: 'MSG_CMPCT_BLOCK',
  5: 'MSG_WTX',
  1073741825: 'MSG_WITNESS_TX',
  1073741826: 'MSG_WITNESS_BLOCK',
};
/** The types that name transactions. */
const txTypes: ReadonlySet<number> = new Set([1, 5, 0x4000_0001]);

const inventory: Layout = (r) =>
  r.list(
    'entry',
    () => {
      const type = r.u32('type', (value) => invTypes[value] ?? String(value));
      r.hash('hash', txTypes.has(type) ? 'transaction' : 'block');
    },
    true,
  );

const header: Layout = (r) => {
  r.hex32('version');
  r.hash('previous block', 'block');
  r.hash('merkle root');
  r.time32('time');
  r.hex32('bits');
  r.u32('nonce');
};

const address: Layout = (r) => {
  r.u64('services', sayFlags);
  r.bytes('address', 16, sayIp);
  r.port('port');
};

/** Returns an IPv4 address as it is usual, and other addresses in groups of two bytes. */
function sayIp(bytes: Uint8Array): string {
  const isV4 = bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  return isV4 ? bytes.subarray(12).join('.') : toHex(bytes).replace(/(....)(?=.)/g, '$1:');
}

const transaction: Layout = (r) => {
  r.i32('version');
  const hasWitness = r.next === 0;
  if (hasWitness) {
    r.u8('marker');
    r.u8('flag');
  }
  const inputs = r.compact('input count');
  r.items('input', inputs, () => {
    r.hash('previous output: transaction', 'transaction');
    r.u32('previous output: index');
    r.varBytes('scriptSig');
    r.hex32('sequence');
  });
  r.list('output', () => {
    r.amount('value');
    r.varBytes('scriptPubKey');
  });
  if (hasWitness) r.items('witness of input', inputs, () => r.list('item', () => r.varBytes('item'), false));
  r.u32('lock time');
};

const locator: Layout = (r) => {
  r.u32('version');
  r.list('locator', () => r.hash('block hash', 'block'), false);
  r.hash('stop hash', 'block');
};

const nonce: Layout = (r) => {
  r.u64('nonce');
};

const filterRequest: Layout = (r) => {
  r.u8('filter type');
  r.u32('start height');
  r.hash('stop hash', 'block');
};

const layouts: Readonly<Record<string, Layout>> = {
  version: (r) => {
    r.i32('version');
    r.u64('services', sayFlags);
    r.u64('time', (seconds) => sayTime(Number(BigInt.asIntN(64, seconds))));
    r.group('receiver', address);
    r.group('sender', address);
    r.u64('nonce');
    r.varBytes('user agent', sayText);
    r.i32('start height');
    if (r.remaining > 0) r.u8('relay');
  },
  inv: inventory,
  getdata: inventory,
  notfound: inventory,
  getheaders: locator,
  getblocks: locator,
  headers: (r) =>
    r.list('header', () => {
      header(r);
      r.compact('transaction count');
    }),
  tx: transaction,
  block: (r) => {
    r.group('header', header);
    r.list('transaction', transaction);
  },
  merkleblock: (r) => {
    r.group('header', header);
    r.u32('transaction count');
    r.list('hash', () => r.hash('hash'), false);
    r.varBytes('flags');
  },
  cmpctblock: (r) => {
    r.group('header', header);
    r.u64('nonce');
    r.list('short id', () => r.bytes('short id', 6), false);
    r.list('prefilled transaction', () => {
      r.compact('index (difference)');
      transaction(r);
    });
  },
  getblocktxn: (r) => {
    r.hash('block hash', 'block');
    r.list('index', () => r.compact('index (difference)'), false);
  },
  blocktxn: (r) => {
    r.hash('block hash', 'block');
    r.list('transaction', transaction);
  },
  sendcmpct: (r) => {
    r.u8('high bandwidth');
    r.u64('version');
  },
  feefilter: (r) => {
    r.u64('fee rate', (rate) => `${rate} sat/kvB`);
  },
  ping: nonce,
  pong: nonce,
  addr: (r) =>
    r.list('address', () => {
      r.time32('time');
      address(r);
    }),
  addrv2: (r) =>
    r.list('address', () => {
      r.time32('time');
      r.compact('services');
      r.u8('network');
      r.varBytes('address');
      r.port('port');
    }),
  filterload: (r) => {
    r.varBytes('filter');
    r.u32('hash functions');
    r.u32('tweak');
    r.u8('flags');
  },
  filteradd: (r) => {
    r.varBytes('data');
  },
  getcfilters: filterRequest,
  getcfheaders: filterRequest,
  cfilter: (r) => {
    r.u8('filter type');
    r.hash('block hash', 'block');
    r.varBytes('filter');
  },
  cfheaders: (r) => {
    r.u8('filter type');
    r.hash('stop hash', 'block');
    r.hash('previous filter header');
    r.list('filter hash', () => r.hash('filter hash'), false);
  },
  getcfcheckpt: (r) => {
    r.u8('filter type');
    r.hash('stop hash', 'block');
  },
  cfcheckpt: (r) => {
    r.u8('filter type');
    r.hash('stop hash', 'block');
    r.list('filter header', () => r.hash('filter header'), false);
  },
};

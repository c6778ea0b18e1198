import { type Runtime, Session } from 'node:inspector';

// Measures the memory that an object retains, private fields included. A test that bounds the total covers every queue
// and cache, even those it does not name. The count is approximate but deterministic on every machine; the heap
// statistics of V8 are neither exact nor repeatable.

/** Approximate bytes of an object. */
const OBJECT = 32;
/** Approximate bytes of a field, or of an entry in a collection. */
const FIELD = 8;

/** Bytes above which a buffer is shared by many owners, so that each view of it counts by itself. */
const SHARED = 32 << 20;

/** The memory that an object retains. */
export interface Census {
  /** Approximate bytes in total. */
  readonly bytes: number;
  /** Number of entries of each Map, Set and array, by its path of field names; equal paths are summed. */
  readonly entries: ReadonlyMap<string, number>;
}

interface Inspectable {
  __inspected?: unknown;
}

/** Counts what `root` retains, except objects for which `isForeign` returns true. */
export function takeCensus(root: object, isForeign: (held: object) => boolean): Census {
  const session = new Session();
  session.connect();
  try {
    return new Counter(session, isForeign).count(root);
  } finally {
    session.disconnect();
  }
}

class Counter {
  readonly #session: Session;
  readonly #isForeign: (held: object) => boolean;
  readonly #seen = new Set<object>();
  readonly #entries = new Map<string, number>();
  #bytes = 0;

  constructor(session: Session, isForeign: (held: object) => boolean) {
    this.#session = session;
    this.#isForeign = isForeign;
  }

  count(root: object): Census {
    // Iterative: linked lists of peers and requests would exceed the stack.
    const pending: [unknown, string][] = [[root, '']];
    for (let next = pending.pop(); next; next = pending.pop()) {
      const [value, path] = next;
      if (typeof value === 'string') this.#bytes += value.length;
      if (typeof value !== 'object' || value === null || this.#seen.has(value) || this.#isForeign(value)) continue;
      this.#seen.add(value);
      this.#bytes += OBJECT;
      for (const part of this.#parts(value, path)) pending.push(part);
    }
    return { bytes: this.#bytes, entries: this.#entries };
  }

  *#parts(value: object, path: string): Generator<[unknown, string]> {
    if (ArrayBuffer.isView(value)) {
      if (value.buffer.byteLength > SHARED) this.#bytes += value.byteLength;
      else yield [value.buffer, path];
    } else if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) {
      this.#bytes += value.byteLength;
    } else if (value instanceof Map || value instanceof Set || Array.isArray(value)) {
      this.#entries.set(path, (this.#entries.get(path) ?? 0) + (Array.isArray(value) ? value.length : value.size));
      for (const entry of value instanceof Map ? [...value.keys(), ...value.values()] : value) {
        this.#bytes += FIELD;
        yield [entry, path];
      }
    } else {
      for (const [name, field] of this.#fields(value)) {
        this.#bytes += FIELD;
        yield [field, `${path}.${name}`];
      }
    }
  }

  #fields(value: object): [string, unknown][] {
    const fields: [string, unknown][] = Object.entries(value);
    const prototype = Object.getPrototypeOf(value);
    if (prototype === null || prototype === Object.prototype || typeof value === 'function') return fields;
    return [...fields, ...this.#privateFields(value)];
  }

  #privateFields(value: object): [string, unknown][] {
    const shared = globalThis as Inspectable;
    shared.__inspected = value;
    const { result } = this.#post<Runtime.EvaluateReturnType>('Runtime.evaluate', {
      expression: 'globalThis.__inspected',
    });
    const { privateProperties = [] } = this.#post<{ privateProperties?: PrivateProperty[] }>('Runtime.getProperties', {
      objectId: result.objectId,
      ownProperties: true,
    });
    const held = privateProperties.filter((property) => property.value?.objectId !== undefined);
    this.#post('Runtime.callFunctionOn', {
      functionDeclaration: 'function (...values) { globalThis.__inspected = values; }',
      objectId: result.objectId,
      arguments: held.map((property) => ({ objectId: property.value!.objectId })),
    });
    const values = shared.__inspected as unknown[];
    delete shared.__inspected;
    this.#post('Runtime.releaseObjectGroup', { objectGroup: '' });
    return held.map(({ name }, i) => [name, values[i]]);
  }

  /** Sends a command to the inspector. A session on its own thread responds synchronously. */
  #post<T>(method: string, params: object): T {
    let response: T | undefined;
    let failure: Error | null = null;
    this.#session.post(method, params, (error: Error | null, result?: object) => {
      failure = error;
      response = result as T;
    });
    if (failure) throw failure;
    if (response === undefined) throw new Error(`no response to ${method}`);
    return response;
  }
}

interface PrivateProperty {
  readonly name: string;
  readonly value?: { readonly objectId?: string };
}

import { type Runtime, Session } from 'node:inspector';

// How much an object holds, private fields included: what shows whether every queue and cache has its bound, those too
// that nobody has thought of. Bytes are counted roughly, and alike on every machine; the heap's own figure is neither
// exact nor the same twice.

/** Rough bytes of an object, a field, and an entry of a collection. */
const OBJECT = 32;
const FIELD = 8;

export interface Census {
  /** Rough bytes of all that is held. */
  readonly bytes: number;
  /** Entries of each Map, Set and array, by the names that lead there; those of the same name are summed up. */
  readonly entries: ReadonlyMap<string, number>;
}

interface Inspectable {
  __inspected?: unknown;
}

/** Counts what `root` holds, without what `isForeign` says belongs to others. */
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
    // Not recursive, as lists of peers and requests lead deep.
    const waiting: [unknown, string][] = [[root, '']];
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const [value, path] = next;
      if (typeof value === 'string') this.#bytes += value.length;
      if (typeof value !== 'object' || value === null || this.#seen.has(value) || this.#isForeign(value)) continue;
      this.#seen.add(value);
      this.#bytes += OBJECT;
      for (const part of this.#parts(value, path)) waiting.push(part);
    }
    return { bytes: this.#bytes, entries: this.#entries };
  }

  *#parts(value: object, path: string): Generator<[unknown, string]> {
    if (ArrayBuffer.isView(value)) {
      yield [value.buffer, path];
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

  /** Sessions with one's own thread answer at once. */
  #post<T>(method: string, params: object): T {
    let answer: T | undefined;
    let failure: Error | null = null;
    this.#session.post(method, params, (error: Error | null, result?: object) => {
      failure = error;
      answer = result as T;
    });
    if (failure) throw failure;
    if (answer === undefined) throw new Error(`no answer to ${method}`);
    return answer;
  }
}

interface PrivateProperty {
  readonly name: string;
  readonly value?: { readonly objectId?: string };
}

import { readFile } from 'node:fs/promises';

/** A class whose public methods are recorded. */
export interface RecordedClass {
  readonly type: { readonly name: string; readonly prototype: object };
  /** The class's source. */
  readonly source: URL;
}

/** Records which methods and accessors of classes tests call themselves; calls by other methods do not count. */
export class CallRecorder {
  readonly #called = new Set<string>();
  readonly #restore: (() => void)[] = [];

  /** Records from now on, until `stop`. */
  constructor(classes: readonly RecordedClass[]) {
    for (const { type } of classes) {
      for (const [name, descriptor] of membersOf(type)) {
        const record = <F extends (...args: never[]) => unknown>(original: F): F => {
          const called = this.#called;
          const member = `${type.name}.${name}`;
          return function (this: unknown, ...args: never[]) {
            if (!called.has(member) && isCalledByTest()) called.add(member);
            return original.apply(this, args);
          } as F;
        };
        const { value, get, set } = descriptor;
        Object.defineProperty(type.prototype, name, {
          ...descriptor,
          ...(value ? { value: record(value) } : {}),
          ...(get ? { get: record(get) } : {}),
          ...(set ? { set: record(set) } : {}),
        });
        this.#restore.push(() => Object.defineProperty(type.prototype, name, descriptor));
      }
    }
  }

  /** Returns the public methods and accessors of classes that no test has called. */
  async missing(classes: readonly RecordedClass[]): Promise<string[]> {
    const missing: string[] = [];
    for (const { type, source } of classes) {
      const internal = internalNames(await readFile(source, 'utf8'));
      for (const [name] of membersOf(type)) {
        const member = `${type.name}.${name}`;
        if (!internal.has(name) && !this.#called.has(member)) missing.push(member);
      }
    }
    return missing;
  }

  stop(): void {
    for (const restore of this.#restore.splice(0)) restore();
  }
}

function membersOf({ prototype }: RecordedClass['type']): [string, PropertyDescriptor][] {
  return Object.entries(Object.getOwnPropertyDescriptors(prototype)).filter(
    ([name, { value }]) => name !== 'constructor' && (value === undefined || typeof value === 'function'),
  );
}

/** Returns the members whose docstring has `@internal`. */
function internalNames(source: string): Set<string> {
  const members = source.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s+(?:(?:static|async|get|set) )*(\w+)/g);
  return new Set([...members].filter(([, comment]) => comment!.includes('@internal')).map(([, , name]) => name!));
}

/** Returns whether the caller of the recorded method, three frames up, is a test. */
function isCalledByTest(): boolean {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 3;
  const { stack } = new Error();
  Error.stackTraceLimit = stackTraceLimit;
  return stack!.split('\n').at(-1)!.includes('.test.ts');
}

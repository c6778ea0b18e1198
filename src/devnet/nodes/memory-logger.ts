import type { Logger } from '../../platform/logger.ts';
import type { NodeLog } from './node-log.ts';

const ignore = () => {};

/** Returns a logger that adds lines of the levels info, warn and error to a log, in the form that processes write. */
export function memoryLogger(log: NodeLog, bindings: Readonly<Record<string, unknown>> = {}): Logger {
  const at = (level: number) => (fields: object, msg: string) => {
    const line = { level, time: Date.now(), ...bindings };
    log.add(toJson({ ...line, ...fields, msg }) ?? toJson({ ...line, msg }) ?? msg);
  };
  return {
    ...{ trace: ignore, debug: ignore, info: at(30), warn: at(40), error: at(50) },
    child: (more) => memoryLogger(log, { ...bindings, ...more }),
  };
}

/** Returns an object as JSON; undefined if it cannot be shown: a log line must not fail. */
function toJson(line: object): string | undefined {
  try {
    return JSON.stringify(line, plain);
  } catch {
    return undefined;
  }
}

/** Returns what JSON shows of a value. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (!(value instanceof Error)) return value;
  const { name: type, message, stack, ...rest } = value;
  return { type, message, stack, ...rest };
}

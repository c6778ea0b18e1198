import { createRequire } from 'node:module';
import { Writable } from 'node:stream';
import { type DestinationStream, pino } from 'pino';
import type { PinoPretty } from 'pino-pretty';
import type { Logger } from '../platform/logger.ts';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';

/**
 * A structured logger on stderr: lines for people on a terminal, JSON elsewhere. Written synchronously, so that the
 * last line before a crash is there. Each layer logs under a `category` of its own.
 */
export function createLogger(options: {
  level: LogLevel;
  nodeId: number;
  /** Writes lines to the terminal, where something else is drawn on it as well. */
  print?: ((lines: string) => void) | undefined;
}): Logger {
  const terminal = process.stderr.isTTY === true;
  const { print } = options;
  const destination: DestinationStream = terminal
    ? loadPretty()({
        destination: print ? printStream(print) : 2,
        sync: true,
        colorize: process.env.NO_COLOR === undefined || process.env.NO_COLOR === '',
        translateTime: 'SYS:HH:MM:ss.l',
        ignore: 'pid,hostname,node,category',
        messageFormat: '[{node}] {category}: {msg}',
      })
    : pino.destination({ dest: 2, sync: true });
  return pino({ level: options.level, base: { node: options.nodeId } }, destination);
}

function printStream(print: (lines: string) => void): Writable {
  return new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      print(chunk.toString());
      done();
    },
  });
}

/** Only where there is a terminal: it takes a while to load. */
function loadPretty(): typeof PinoPretty {
  return (createRequire(import.meta.url)('pino-pretty') as { PinoPretty: typeof PinoPretty }).PinoPretty;
}

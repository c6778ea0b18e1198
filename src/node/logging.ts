import { createRequire } from 'node:module';
import { Writable } from 'node:stream';
import { type DestinationStream, pino } from 'pino';
import type { PinoPretty } from 'pino-pretty';
import type { Logger } from '../platform/logger.ts';

/** The lowest level of log lines that are written. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';

/**
 * Returns a structured logger on stderr: formatted lines on a terminal, JSON elsewhere. It writes synchronously, so
 * that no line before a crash is lost. Each layer logs under its own `category`.
 */
export function createLogger(options: {
  level: LogLevel;
  nodeId: number;
  /** Prints lines on the terminal, above a status line. */
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

/** Loads pino-pretty, which is slow to load and needed on a terminal only. */
function loadPretty(): typeof PinoPretty {
  return (createRequire(import.meta.url)('pino-pretty') as { PinoPretty: typeof PinoPretty }).PinoPretty;
}

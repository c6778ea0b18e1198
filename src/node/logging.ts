import { createRequire } from 'node:module';
import { Writable } from 'node:stream';
import { type DestinationStream, pino } from 'pino';
import type { PinoPretty } from 'pino-pretty';
import type { Logger } from '../platform/logger.ts';
import { type LogOutput, stderrOutput } from './log-output.ts';

/** The lowest level of log lines that are written. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** Options of a logger. */
export interface LoggerOptions {
  readonly level: LogLevel;
  readonly nodeId: number;
  /** Prints lines on the terminal, above a status line. */
  readonly print?: ((lines: string) => void) | undefined;
}

/**
 * Returns a structured logger on stderr: formatted lines on a terminal, JSON elsewhere. It neither blocks nor throws:
 * lines that stderr does not take are written later, and those beyond a mebibyte are dropped and counted. Each layer logs
 * under its own `category`.
 */
export function createLogger(options: LoggerOptions): Logger {
  return loggerOn(stderrOutput(), options);
}

/** Returns the logger of `createLogger` on an output. */
export function loggerOn(output: LogOutput, options: LoggerOptions): Logger {
  const { level, nodeId, print = (lines: string) => output.write(lines) } = options;
  const destination: DestinationStream =
    process.stderr.isTTY === true
      ? loadPretty()({
          destination: printStream(print),
          sync: true,
          colorize: process.env.NO_COLOR === undefined || process.env.NO_COLOR === '',
          translateTime: 'SYS:HH:MM:ss.l',
          ignore: 'pid,hostname,node,category',
          messageFormat: '[{node}] {category}: {msg}',
        })
      : { write: (line) => output.write(line) };
  const logger = pino({ level, base: { node: nodeId } }, destination);
  output.onDropped((lines) => logger.warn({ category: 'log', lines }, 'log lines dropped: stderr did not take them'));
  return logger;
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

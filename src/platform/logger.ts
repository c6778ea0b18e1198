/** The subset of a structured logger that Pier uses; pino satisfies it. */
export interface Logger {
  /** Logs the flow of messages and jobs, for debugging Pier itself. */
  trace(fields: object, message: string): void;
  /** Logs what a developer asks for. */
  debug(fields: object, message: string): void;
  /** Logs normal events. */
  info(fields: object, message: string): void;
  /** Logs what may need attention. */
  warn(fields: object, message: string): void;
  /** Logs failures. */
  error(fields: object, message: string): void;
  /** Returns a logger that adds `bindings`, such as a layer's log category, to the fields of each line. */
  child(bindings: Record<string, unknown>): Logger;
}

const ignore = () => {};

/** A logger that discards every line, for tests and library use. */
export const silentLogger: Logger = {
  trace: ignore,
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  child: () => silentLogger,
};

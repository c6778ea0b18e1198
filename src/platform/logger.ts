/** The part of a structured logger that the layers use; pino satisfies it. */
export interface Logger {
  trace(fields: object, message: string): void;
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** A logger whose lines carry `bindings` too, such as the category of a layer. */
  child(bindings: Record<string, unknown>): Logger;
}

const ignore = () => {};

/** A logger that says nothing, for tests and library use. */
export const silentLogger: Logger = {
  trace: ignore,
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  child: () => silentLogger,
};

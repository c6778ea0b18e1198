/** How one command's payload is written and read. */
export interface MessageCodec<Command extends string, Message> {
  readonly command: Command;
  encode(message: Message): Uint8Array;
  /**
   * Reads a payload; the result may be a view of it. Throws `DecodeError`. Bytes behind what is known are left unread:
   * that is how the protocol has grown.
   */
  decode(payload: Uint8Array): Message;
}

/** The content of a message that says all by its command. */
export type EmptyMessage = Record<string, never>;

const NOTHING = new Uint8Array(0);

/** The codec of a command without payload. */
export function emptyCodec<Command extends string>(command: Command): MessageCodec<Command, EmptyMessage> {
  return { command, encode: () => NOTHING, decode: () => ({}) };
}

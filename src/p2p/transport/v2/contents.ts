import { COMMAND_SIZE, readCommand, writeCommand } from '../../wire/command-field.ts';
import type { RawMessage } from '../framing.ts';
import { commandOf, shortIdOf } from './short-ids.ts';

/** Where the contents of a packet begin: behind the byte of flags. */
const CONTENTS = 1;
/** A byte that says that the command is spelt out, and the command. */
const LONG_NAME_SIZE = 1 + COMMAND_SIZE;

/** What comes before the payload of a message: the byte of flags, and the command's short or long name. */
export function messageHead(command: string): Uint8Array {
  const shortId = shortIdOf(command);
  if (shortId !== undefined) return Uint8Array.of(0, shortId);
  const head = new Uint8Array(CONTENTS + LONG_NAME_SIZE);
  writeCommand(head, CONTENTS + 1, command);
  return head;
}

/** The message in a packet that was opened; `size` is what it took on the wire. Shares the packet's memory. */
export function readMessage(packet: Uint8Array, size: number): RawMessage {
  const shortId = packet[CONTENTS];
  const isLong = shortId === 0 && packet.length >= CONTENTS + LONG_NAME_SIZE;
  const command = isLong ? readCommand(packet, CONTENTS + 1) : commandOf(shortId ?? 0);
  const payload = packet.subarray(CONTENTS + (isLong ? LONG_NAME_SIZE : 1));
  return command === undefined ? { command: '', payload, size, fault: 'command' } : { command, payload, size };
}

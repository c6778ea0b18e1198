import { COMMAND_SIZE, readCommand, writeCommand } from '../../wire/command-field.ts';
import type { RawMessage } from '../framing.ts';
import { commandOf, shortTypeOf } from './message-types.ts';

/** Offset of the contents in a packet: after the header byte, which holds the flags. */
const CONTENTS = 1;
/** Bytes of a long message type: a zero byte, then the command in ASCII. */
const LONG_TYPE_SIZE = 1 + COMMAND_SIZE;

/**
 * Encodes what precedes a message's payload in a packet: the header byte, and the short or long message type (BIP324).
 */
export function encodeHead(command: string): Uint8Array {
  const shortType = shortTypeOf(command);
  if (shortType !== undefined) return Uint8Array.of(0, shortType);
  const head = new Uint8Array(CONTENTS + LONG_TYPE_SIZE);
  writeCommand(head, CONTENTS + 1, command);
  return head;
}

/** Decodes the message in a decrypted packet, whose memory it shares; `size` is the packet's bytes on the wire. */
export function readMessage(packet: Uint8Array, size: number): RawMessage {
  const shortType = packet[CONTENTS];
  const isLong = shortType === 0 && packet.length >= CONTENTS + LONG_TYPE_SIZE;
  const command = isLong ? readCommand(packet, CONTENTS + 1) : commandOf(shortType ?? 0);
  const payload = packet.subarray(CONTENTS + (isLong ? LONG_TYPE_SIZE : 1));
  return command === undefined ? { command: '', payload, size, fault: 'command' } : { command, payload, size };
}

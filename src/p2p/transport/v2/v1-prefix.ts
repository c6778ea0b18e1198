import { concatBytes } from '../../../bytes/compare.ts';
import { COMMAND_SIZE, writeCommand } from '../../wire/command-field.ts';

/** The command field of the message that a v1 connection begins with. */
export const V1_VERSION_COMMAND = new Uint8Array(COMMAND_SIZE);
writeCommand(V1_VERSION_COMMAND, 0, 'version');

/** The 16 bytes that every v1 connection begins with, and no v2 connection but by chance. */
export function v1Prefix(magic: Uint8Array): Uint8Array {
  return concatBytes(magic, V1_VERSION_COMMAND);
}

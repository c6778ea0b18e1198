import { concatBytes } from '../../../bytes/compare.ts';
import { COMMAND_SIZE, writeCommand } from '../../wire/command-field.ts';

/** The command field of `version`, the first message of a v1 connection. */
export const V1_VERSION_COMMAND = new Uint8Array(COMMAND_SIZE);
writeCommand(V1_VERSION_COMMAND, 0, 'version');

/** Returns the first 16 bytes of every v1 connection; a v2 connection begins with them by chance only (BIP324). */
export function v1Prefix(magic: Uint8Array): Uint8Array {
  return concatBytes(magic, V1_VERSION_COMMAND);
}

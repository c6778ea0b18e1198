/** Bytes of a command that is spelt out, padded with NUL. */
export const COMMAND_SIZE = 12;

/** The command in the 12 bytes at `offset`; undefined if it is not printable text with NULs behind it only. */
export function readCommand(bytes: Uint8Array, offset: number): string | undefined {
  let command = '';
  let at = offset;
  const end = offset + COMMAND_SIZE;
  for (; at < end; at++) {
    const code = bytes[at]!;
    if (code === 0) break;
    if (code < 0x20 || code > 0x7e) return undefined;
    command += String.fromCharCode(code);
  }
  for (; at < end; at++) if (bytes[at] !== 0) return undefined;
  return command;
}

/** Writes a command of at most 12 characters over NULs at `offset`. */
export function writeCommand(bytes: Uint8Array, offset: number, command: string): void {
  for (let i = 0; i < command.length; i++) bytes[offset + i] = command.charCodeAt(i);
}

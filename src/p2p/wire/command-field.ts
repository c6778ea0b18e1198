/** Bytes of a command field: ASCII, padded with NUL (Core: CMessageHeader::MESSAGE_TYPE_SIZE). */
export const COMMAND_SIZE = 12;

/** Reads the command field at `offset`; undefined unless it is printable ASCII followed only by NULs. */
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

/** Writes a command of at most 12 characters at `offset`, where the bytes must be NUL. */
export function writeCommand(bytes: Uint8Array, offset: number, command: string): void {
  for (let i = 0; i < command.length; i++) bytes[offset + i] = command.charCodeAt(i);
}

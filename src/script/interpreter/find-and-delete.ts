import { ScriptCursor } from '../cursor.ts';

/**
 * Returns the script without every occurrence of `needle` that starts at an operation; the same array if there are none
 * (Core: FindAndDelete). Legacy signature hashes use it to remove the signature from the script code.
 */
export function findAndDelete(script: Uint8Array, needle: Uint8Array): Uint8Array {
  if (needle.length === 0 || needle.length > script.length) return script;
  let out: Uint8Array | undefined;
  let length = 0;
  let kept = 0;
  const cursor = new ScriptCursor(script);
  do {
    const start = cursor.offset;
    let end = start;
    while (matches(script, end, needle)) end += needle.length;
    if (end > start) {
      out ??= new Uint8Array(script.length);
      out.set(script.subarray(kept, start), length);
      length += start - kept;
      kept = end;
      cursor.offset = end;
    }
  } while (cursor.next());
  if (!out) return script;
  out.set(script.subarray(kept), length);
  return out.subarray(0, length + script.length - kept);
}

function matches(script: Uint8Array, at: number, needle: Uint8Array): boolean {
  for (let i = 0; i < needle.length; i++) if (script[at + i] !== needle[i]) return false;
  return true;
}

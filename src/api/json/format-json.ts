import { encodeJson } from './encode.ts';
import { isJsonObject, type Json, members } from './json.ts';

/** Encodes a parsed value as JSON text with one value a line, as bitcoin-cli prints it (UniValue: write(2)). */
export function formatJson(value: Json, indent = ''): string {
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    return lines(
      '[',
      (value as readonly Json[]).map((item) => `${inner}${formatJson(item, inner)}`),
      `${indent}]`,
    );
  }
  if (isJsonObject(value)) {
    const texts = members(value).map(
      ([name, item]) => `${inner}${encodeJson(name)}: ${formatJson(item as Json, inner)}`,
    );
    return lines('{', texts, `${indent}}`);
  }
  return encodeJson(value);
}

function lines(opening: string, texts: readonly string[], closing: string): string {
  return texts.length === 0 ? `${opening}${closing.trim()}` : `${opening}\n${texts.join(',\n')}\n${closing}`;
}

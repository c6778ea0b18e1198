import type { ResultOf } from '../../control/protocol/methods.ts';

/** A line of a node's log, with the node's name. */
export type NamedLogLine = ResultOf<'logs'>['lines'][number];

/** Characters with an effect on a terminal, or none that is seen: peers can choose texts in logs. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Formats a log line for people, on one line: local time, level, node, category, message, fields. `width`: of the names. */
export function formatLogLine({ time, level, node, category, message, fields }: NamedLogLine, width: number): string {
  const parts = [clockTime(time), level.padEnd(5), node.padEnd(width)];
  parts.push(category === '' ? message : `${category}: ${message}`);
  for (const [name, value] of Object.entries(fields)) parts.push(`${name}=${fieldText(value)}`);
  return parts.join(' ').replace(UNSEEN, (char) => `\\u${char.codePointAt(0)!.toString(16).padStart(4, '0')}`);
}

/** Returns the local time of a day, in milliseconds. */
function clockTime(time: number): string {
  const date = new Date(time);
  const [hours, minutes, seconds] = [date.getHours(), date.getMinutes(), date.getSeconds()];
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(hours)}:${two(minutes)}:${two(seconds)}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/** Returns a field's value: an error's message without its stack, a word as it is, everything else as JSON. */
function fieldText(value: unknown): string {
  if (typeof value === 'string' && /^[\w.:/@+-]+$/.test(value)) return value;
  const isError = typeof value === 'object' && value !== null && 'stack' in value && 'message' in value;
  return JSON.stringify(isError ? value.message : value);
}

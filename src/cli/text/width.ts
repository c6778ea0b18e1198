import { stripVTControlCharacters } from 'node:util';

/** Ranges of characters that take two columns of a terminal (East Asian Wide and Fullwidth, UAX #11). */
const WIDE: readonly (readonly [first: number, last: number])[] = [
  [0x11_00, 0x11_5f],
  [0x2e_80, 0x30_3e],
  [0x30_41, 0x33_ff],
  [0x34_00, 0x4d_bf],
  [0x4e_00, 0xa4_cf],
  [0xa9_60, 0xa9_7c],
  [0xac_00, 0xd7_a3],
  [0xf9_00, 0xfa_ff],
  [0xfe_30, 0xfe_6f],
  [0xff_01, 0xff_60],
  [0xff_e0, 0xff_e6],
  [0x1_f3_00, 0x1_f6_4f],
  [0x1_f9_00, 0x1_f9_ff],
  [0x2_00_00, 0x3_ff_fd],
];

/** Texts of printable ASCII, which nearly all are, need no look at each character. */
const NARROW = /^[ -~]*$/;
/** Characters that are drawn on the one before or not at all. */
const UNSEEN = /[\p{Mn}\p{Me}\p{Cf}]/gu;
/** Characters that no line begins with. */
const CLOSING = /^[、。，．：；？！）〕》」』】…”’]/u;
/** Characters that no line ends with. */
const OPENING = /[（〔《「『【“‘]$/u;

/** Returns whether a character takes two columns of a terminal. */
function isWide(char: string): boolean {
  const code = char.codePointAt(0)!;
  return code >= WIDE[0]![0] && WIDE.some(([first, last]) => code >= first && code <= last);
}

/** Returns the columns of a terminal that a line takes, without its colours. */
export function displayWidth(line: string): number {
  if (NARROW.test(line)) return line.length;
  let width = 0;
  for (const char of stripVTControlCharacters(line).replaceAll(UNSEEN, '')) width += isWide(char) ? 2 : 1;
  return width;
}

/** Returns a text with spaces after it, up to a width in columns. */
export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}

/** Returns a text with spaces before it, up to a width in columns. */
export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - displayWidth(text))) + text;
}

/** Returns the beginning of a line, without colours, that fits into so many columns. */
export function truncate(line: string, width: number): string {
  let end = 0;
  let columns = 0;
  for (const char of line) {
    columns += displayWidth(char);
    if (columns > width) break;
    end += char.length;
  }
  return line.slice(0, end);
}

/**
 * Breaks lines at spaces and between wide characters, so that each fits into so many columns. No line begins with a closing
 * mark or ends with an opening one. A longer word stands on a line of its own.
 */
export function wrap(text: string, width: number): string {
  return text
    .split('\n')
    .map((line) => wrapLine(line, width))
    .join('\n');
}

function wrapLine(line: string, width: number): string {
  const lines: string[] = [];
  let last = '';
  let columns = 0;
  for (const chunk of chunksOf(line)) {
    if (last !== '' && columns + displayWidth(chunk.trimEnd()) > width) {
      lines.push(last.trimEnd());
      last = '';
      columns = 0;
    }
    last += chunk;
    columns += displayWidth(chunk);
  }
  return [...lines, last.trimEnd()].join('\n');
}

/** Returns the parts of a line between which it may be broken. */
function chunksOf(line: string): string[] {
  const chunks: string[] = [];
  let before = '';
  for (const char of line) {
    const isBreak =
      before !== '' &&
      !CLOSING.test(char) &&
      !OPENING.test(before) &&
      (isWide(char) || isWide(before) || before === ' ');
    if (chunks.length === 0 || (isBreak && char !== ' ')) chunks.push(char);
    else chunks[chunks.length - 1] += char;
    before = char;
  }
  return chunks;
}

import type { Option } from './option.ts';
import { OptionError } from './option-error.ts';

/** The value of an option; false if it was negated, true if it was negated twice (Core: SettingsValue). */
export type OptionValue = string | boolean;

/** An option's name as it was given, taken apart (Core: KeyInfo). */
export interface OptionKey {
  readonly name: string;
  /** The network before the dot of `regtest.port`; empty without one. */
  readonly section: string;
  readonly isNegated: boolean;
}

/** Takes a name apart, which has no leading hyphens (Core: InterpretKey). */
export function interpretKey(text: string): OptionKey {
  const dot = text.indexOf('.');
  const section = dot === -1 ? '' : text.slice(0, dot);
  const rest = text.slice(dot + 1);
  return rest.startsWith('no')
    ? { name: rest.slice(2), section, isNegated: true }
    : { name: rest, section, isNegated: false };
}

/**
 * Returns the value that a text gives to an option; undefined stands for an option without `=`. Throws `OptionError`
 * (Core: InterpretValue).
 */
export function interpretValue({ isNegated }: OptionKey, text: string | undefined, option: Option): OptionValue {
  const { name, isNeverNegated, needsValue } = option;
  if (isNegated) {
    if (isNeverNegated) throw new OptionError(`Negating of -${name} is meaningless and therefore forbidden`);
    // `-nolisten=0` is confusing, but it is what it is.
    return text !== undefined && !toBool(text);
  }
  if (text === undefined && needsValue) {
    throw new OptionError(`Can not set -${name} with no value. Please specify value with -${name}=value.`);
  }
  return text ?? '';
}

/** Returns whether a value switches an option on: if it is empty, or begins with an integer other than 0 (Core: InterpretBool). */
export function toBool(value: OptionValue): boolean {
  return typeof value === 'boolean' ? value : value === '' || toInt(value) !== 0n;
}

/**
 * Returns the integer that a value begins with; 0 if there is none. Numbers beyond 64 bits become the nearest one that
 * fits (Core: SettingToInt, LocaleIndependentAtoi).
 */
export function toInt(value: OptionValue): bigint {
  if (typeof value === 'boolean') return value ? 1n : 0n;
  // C's white space, one sign, digits.
  const digits = /^[ \f\n\r\t\v]*([+-]?)(\d+)/.exec(value);
  if (!digits) return 0n;
  const number = BigInt(digits[2]!) * (digits[1] === '-' ? -1n : 1n);
  return number < -(2n ** 63n) ? -(2n ** 63n) : number >= 2n ** 63n ? 2n ** 63n - 1n : number;
}

/** Returns a value as text: `0` and `1` of an option that was negated (Core: SettingToString). */
export function toText(value: OptionValue): string {
  return typeof value === 'boolean' ? (value ? '1' : '0') : value;
}

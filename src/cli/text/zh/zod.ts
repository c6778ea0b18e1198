import type { TextTable } from '../texts.ts';

/** Faults that Zod finds in a file, in Chinese. */
export const zod: TextTable = {
  'Invalid input: expected {0}, received {1}': '应为 {0}，实为 {1}',
  'Unrecognized key: "{0}"': '没有成员 "{0}"',
  'Unrecognized keys: {0}': '没有成员 {0}',
  'Too small: expected {0} to be >={1}': '太小：应不小于 {1}（{0}）',
  'Too big: expected {0} to be <={1}': '太大：应不大于 {1}（{0}）',
};

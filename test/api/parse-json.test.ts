import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeJson } from '../../src/api/json/encode.ts';
import { type Json, JsonNumber, members } from '../../src/api/json/json.ts';
import { parseJson } from '../../src/api/json/parse.ts';
import { noPause } from '../../src/api/json/step.ts';

/** Longer than what is parsed without a pause. */
const LONG = 40_000;

/** Returns the value or, for malformed text, 'malformed'. */
function expected(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return 'malformed';
  }
}

const parse = (text: string) => parseJson(text, noPause).catch(() => 'malformed');

describe('parseJson', () => {
  it('equals JSON.parse for long texts', async () => {
    const long = 'x'.repeat(LONG);
    const numbers = Array.from({ length: LONG }, (_, i) => i);
    const texts = [
      JSON.stringify(numbers),
      JSON.stringify([long, numbers, { long, numbers, '': null }, 7]),
      JSON.stringify({ a: 1, long, '': { numbers, b: [[numbers]] }, 'k"\\': [long] }),
      ` [ ${JSON.stringify(long)} , 1 , [ ] ] \n`,
      `[${'[1],'.repeat(LONG)}{"a":"]}"}]`,
      `[${'"\\\\","\\"",'.repeat(LONG)}"${'\\\\'.repeat(LONG)}"]`,
      `${' '.repeat(LONG)}[${' '.repeat(LONG)}]`,
      `{${' '.repeat(LONG)}}`,
      JSON.stringify(long),
    ];
    for (const text of texts) {
      expect(expected(text)).not.toBe('malformed');
      // The stack of JSON.stringify would overflow.
      expect(encodeJson((await parse(text)) as Json)).toBe(encodeJson(expected(text) as Json));
    }
  });

  it('keeps the text of numbers that a double would print differently', async () => {
    const texts = [
      '1.0',
      '1.50',
      '-0',
      '1e400',
      '12345678901234567890',
      '0.10000000000000000001',
      '1E5',
      '1e+2',
      '1e21',
    ];
    for (const text of texts) {
      const value = await parse(text);
      expect(value, text).toBeInstanceOf(JsonNumber);
      expect(encodeJson(value as Json)).toBe(text);
    }
    for (const number of [0, -1, 0.1, 5.4750000000000005, 1e-8, 9007199254740991, 1.7976931348623157e308]) {
      expect(await parse(String(number))).toBe(number);
    }
    expect(await parse('1'.repeat(1_024))).toBeInstanceOf(JsonNumber);
    expect(await parse('1'.repeat(1_025))).toBe('malformed');
  });

  it('takes the first of members with one name, and keeps the others', async () => {
    const value = (await parse('{"a":1,"b":2,"a":[3],"a":4}')) as object;
    expect(value).toEqual({ a: 1, b: 2 });
    expect(members(value)).toEqual([
      ['a', 1],
      ['b', 2],
      ['a', [3]],
      ['a', 4],
    ]);
    expect(encodeJson(value as Json)).toBe('{"a":1,"b":2,"a":[3],"a":4}');
  });

  it('keeps the order of members whose names are array indices, which JavaScript puts first', async () => {
    for (const text of [
      '{"b":0,"1":2,"0":1,"a":3}',
      '{"7":1,"b":2,"7":3,"c":4}',
      '{"01":1,"-1":2,"4294967294":3,"a":4}',
      '{"a":{"2":1,"1":[{"1":1,"0":2}]}}',
    ]) {
      const value = (await parse(text)) as object;
      expect(encodeJson(value as Json)).toBe(text);
      expect(value).toEqual(JSON.parse(text.replace('"7":3,', '')));
    }
  });

  it('refuses half a surrogate pair, by itself and with another half before or after it', async () => {
    for (const half of [
      '\\ud800',
      '\\uDC00',
      '\\udfff',
      '\\ud800a',
      '\\ud800\\ud800',
      '\\udc00\\ud800',
      '\\ud83d\\u0020',
    ]) {
      for (const text of [`"${half}"`, `["a${half}"]`, `{"${half}":1}`])
        expect(await parse(text), text).toBe('malformed');
    }
    expect(await parse('"\\ud83d\\ude00\\\\ud800 \\uD7FF \\ue000"')).toBe('\u{1f600}\\ud800 \ud7ff \ue000');
  });

  it('refuses more than 512 values inside each other', async () => {
    const nested = (depth: number) => `${'[{"a":'.repeat(depth / 2)}1${'}]'.repeat(depth / 2)}`;
    expect(await parse(nested(512))).not.toBe('malformed');
    expect(await parse(nested(514))).toBe('malformed');
  });

  it('defines __proto__ as a member, as JSON.parse does', async () => {
    for (const value of ['1', `"${'x'.repeat(LONG)}"`]) {
      const parsed = await parse(`{"a":"${'x'.repeat(LONG)}","__proto__":${value}}`);
      expect(Object.keys(parsed as object)).toEqual(['a', '__proto__']);
      expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype);
    }
  });

  it('refuses what JSON.parse refuses', async () => {
    const long = JSON.stringify('x'.repeat(LONG));
    const numbers = '1,'.repeat(LONG);
    const texts = [
      ...['', '[', ']', '[,', '[1,', '[1}', '{"a":1]', '{"a"', '{"a":', '{1:2}', '[1] 2', '["'].map((end) => end),
      ...[`[${numbers}]`, `[${numbers}1`, `[${numbers},1]`, `[,${numbers}1]`, `[${numbers}1}`, `[${numbers}1] 2`],
      ...[`[${long},]`, `[${long},,1]`, `[,${long}]`, `[${long}}`, `[${long}`, `[${long} ${long}]`, `${long} 1`],
      ...[`{"a":${long},}`, `{"a" ${long}}`, `{a:${long}}`, `{"a":${long}]`, `{${long}}`, `{"a":${long},,"b":1}`],
      ...[`{,"a":${long}}`, `{"a":1 ${long}:2}`, `[1 ,${' '.repeat(LONG)}]`, `[${' '.repeat(LONG)},1]`],
      ...[`[[${numbers}]]`, `{"a":[${numbers}]}`, `[${long.slice(0, -1)}]`, `[1,2,${long}:3]`, `{"a":${long}:1}`],
    ];
    for (const text of texts) {
      expect(expected(text), text.slice(0, 30)).toBe('malformed');
      expect(await parse(text), text.slice(0, 30)).toBe('malformed');
    }
  });

  it('equals JSON.parse for any value, also if a character is changed', async () => {
    const filler = JSON.stringify(Array.from({ length: 6_000 }, (_, i) => ({ i })));
    await fc.assert(
      fc.asyncProperty(fc.json(), fc.nat(), fc.constantFrom(...'[]{},:"\\ 1'), async (json, at, character) => {
        for (const text of [`[${filler},${json},${filler}]`, `{"a":${filler},"b":${json},"c":[${filler}]}`]) {
          expect(await parse(text)).toEqual(expected(text));
          // Near one of the places where the text is divided.
          const place = [0, filler.length, filler.length + json.length, text.length - 8][at % 4]! + (at % 11);
          const changed = `${text.slice(0, place)}${character}${text.slice(place + 1)}`;
          expect(await parse(changed)).toEqual(expected(changed));
        }
      }),
      { seed: 8259, numRuns: 15 },
    );
  });

  it('calls `step` often', async () => {
    for (const text of [
      JSON.stringify(Array.from({ length: 500_000 }, () => 1)),
      JSON.stringify({ params: [Array.from({ length: 100_000 }, (_, i) => ({ i }))] }),
    ]) {
      let steps = 0;
      await parseJson(text, () => void steps++ as undefined);
      expect(steps).toBeGreaterThan(text.length / 70_000);
    }
  });
});

import { describe, expect, it } from 'vitest';
import { encodeJson, JsonEncoder } from '../../src/api/json/encode.ts';
import { formatJson } from '../../src/api/json/format-json.ts';
import {
  amountJson,
  type Json,
  JsonList,
  JsonMembers,
  JsonNumber,
  JsonText,
  jsonTypeName,
} from '../../src/api/json/json.ts';
import { parseJsonNow } from '../../src/api/json/parse.ts';

describe('encodeJson', () => {
  it('equals JSON.stringify for plain values', () => {
    const value = {
      text: 'a "quoted" \\ line\n\u0000 €\u2028',
      list: [1, -0.5, 1e21, 1.25e-10, true, false, null, [], {}],
      nested: { '': { 'k"ey': 'v' } },
      missing: undefined,
    };
    expect(encodeJson(value)).toBe(JSON.stringify(value));
  });

  it('encodes amounts with eight decimals, without loss of precision', () => {
    const shown = [0n, 1n, -2_340n, 150_000_000n, 2_099_999_997_690_000n, 2_100_000_000_000_001n].map(amountJson);
    expect(encodeJson(shown)).toBe(
      '[0.00000000,0.00000001,-0.00002340,1.50000000,20999999.97690000,21000000.00000001]',
    );
  });

  it('escapes DEL, as UniValue does', () => {
    expect(encodeJson({ 'a\x7f': ['\x7f"\x7f', 'é'] })).toBe('{"a\\u007f":["\\u007f\\"\\u007f","é"]}');
  });

  it('keeps the digits of a JsonNumber', () => {
    expect(encodeJson({ n: new JsonNumber('123456789012345678901234567890') })).toBe(
      '{"n":123456789012345678901234567890}',
    );
  });

  it('rejects numbers that JSON cannot represent', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) expect(() => encodeJson(value)).toThrow(TypeError);
  });
});

describe('formatJson', () => {
  it('prints a value a line, numbers and repeated names as they were sent', () => {
    const text = '{"a":[1.50000000,{},[],{"b":null}],"a":12345678901234567890,"__proto__":"é\\n"}';
    expect(formatJson(parseJsonNow(text) as Json)).toBe(
      [
        '{',
        '  "a": [',
        '    1.50000000,',
        '    {},',
        '    [],',
        '    {',
        '      "b": null',
        '    }',
        '  ],',
        '  "a": 12345678901234567890,',
        '  "__proto__": "é\\n"',
        '}',
      ].join('\n'),
    );
    expect(formatJson([])).toBe('[]');
    expect(formatJson('a')).toBe('"a"');
  });
});

describe('jsonTypeName', () => {
  it("has Core's names", () => {
    const named = [null, undefined, true, 1, 'a', [], {}].map(jsonTypeName);
    expect(named).toEqual(['null', 'null', 'bool', 'number', 'string', 'array', 'object']);
  });
});

describe('JsonEncoder', () => {
  it('encodes computed values as if they were given', () => {
    const value = [
      new JsonList([1, new JsonList([]), new JsonMembers([])]),
      new JsonMembers([
        ['k"ey', new JsonText(['ab', 'cd'])],
        ['b', [new JsonText([]), null]],
      ]),
    ];
    expect(encodeJson(value)).toBe('[[1,[],{}],{"k\\"ey":"abcd","b":["",null]}]');
  });

  it('computes one item at a time, and only as the text is taken', () => {
    let computed = 0;
    function* items() {
      for (; computed < 1000; computed++) yield 'x'.repeat(100);
    }
    const encoder = new JsonEncoder({ list: new JsonList(items()) });
    let text = '';
    while (encoder.advance()) {
      expect(encoder.pending).toBeLessThan(300);
      expect(computed * 103).toBeLessThan(text.length + 300);
      text += encoder.take();
    }
    text += encoder.take();
    expect(JSON.parse(text).list).toHaveLength(1000);
  });

  it('encodes a nesting that would overflow the stack', () => {
    let deep: Json = [];
    for (let i = 0; i < 100_000; i++) deep = [deep];
    expect(encodeJson(deep)).toHaveLength(200_002);
  });
});

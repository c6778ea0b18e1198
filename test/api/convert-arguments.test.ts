import { describe, expect, it } from 'vitest';
import { convertArguments } from '../../src/api/client/convert-arguments.ts';
import { encodeJson } from '../../src/api/json/encode.ts';
import type { Json } from '../../src/api/json/json.ts';

describe('convertArguments', () => {
  it('keeps string arguments and parses others as JSON', () => {
    expect(convertArguments('getblockhash', ['12'])).toEqual([12]);
    expect(convertArguments('getnewaddress', ['12', 'bech32'])).toEqual(['12', 'bech32']);
    expect(convertArguments('createrawtransaction', ['[{"txid":"a","vout":1}]', '{"b":0.1}', '5', 'true'])).toEqual([
      [{ txid: 'a', vout: 1 }],
      { b: 0.1 },
      5,
      true,
    ]);
    expect(convertArguments('getblockhash', ['nonsense'])).toEqual(['nonsense']);
  });

  it('keeps all digits of numbers', () => {
    const words = ['9223372036854775807', '1.10', '{"a":[12345678901234567890]}'];
    expect((convertArguments('nosuchmethod', words) as Json[]).map(encodeJson)).toEqual(words);
  });

  it('parses all arguments of unknown methods as JSON', () => {
    expect(convertArguments('nosuchmethod', ['1', 'a', 'null'])).toEqual([1, 'a', null]);
  });
});

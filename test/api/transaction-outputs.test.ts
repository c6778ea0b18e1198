import { describe, expect, it } from 'vitest';
import { checkArguments } from '../../src/api/arguments/arguments.ts';
import { buildOutputs, type OutputPair, outputsArgument } from '../../src/api/arguments/transaction-outputs.ts';
import { parseJsonNow } from '../../src/api/json/parse.ts';
import { noPause } from '../../src/api/json/step.ts';
import { toHex } from '../../src/bytes/hex.ts';
import { regtest } from '../../src/consensus/params.ts';

const ADDRESS = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202';
const SCRIPT = `0014${'00'.repeat(20)}`;

/** Builds the outputs that a JSON text gives. */
async function outputs(json: string, step = noPause) {
  const [pairs] = await checkArguments([outputsArgument], [parseJsonNow(json)], noPause);
  const built = await buildOutputs(pairs as readonly OutputPair[], regtest.address, step);
  return built.map(({ value, scriptPubKey }) => [value, toHex(scriptPubKey)]);
}

// Codes and messages are those of bitcoind's createrawtransaction.
describe('The outputs of a transaction', () => {
  it('are the members of an object, or of the objects of an array, in their order', async () => {
    const expected = [
      [150_000_000n, SCRIPT],
      [0n, '6a02abcd'],
    ];
    expect(await outputs(`{"${ADDRESS}":1.5,"data":"abCD"}`)).toEqual(expected);
    expect(await outputs(`[{"${ADDRESS}":"1.5"},{"data":"abcd"}]`)).toEqual(expected);
    expect([await outputs('{}'), await outputs('[]')]).toEqual([[], []]);
  });

  it.each([
    ['null', -8, 'Invalid parameter, output argument must be non-null'],
    ['"x"', -3, 'JSON value of type string is not of expected type array'],
    ['5', -3, 'JSON value of type number is not of expected type array'],
    ['[5]', -8, 'Invalid parameter, key-value pair not an object as expected'],
    ['[null]', -8, 'Invalid parameter, key-value pair not an object as expected'],
    ['[{}]', -8, 'Invalid parameter, key-value pair must contain exactly one key'],
    [`[{"${ADDRESS}":1,"data":"00"}]`, -8, 'Invalid parameter, key-value pair must contain exactly one key'],
    ['{"x":1}', -5, 'Invalid Bitcoin address: x'],
    ['{"x":"one"}', -3, 'Invalid amount'],
    [
      `{"${ADDRESS}":1,"${ADDRESS.toUpperCase()}":2}`,
      -8,
      `Invalid parameter, duplicated address: ${ADDRESS.toUpperCase()}`,
    ],
    ['{"data":true}', -8, "Data must be hexadecimal string (not '1')"],
    ['{"data":null}', -8, "Data must be hexadecimal string (not '')"],
    [`{"${ADDRESS}":1,"${ADDRESS}":2}`, -8, `Invalid parameter, duplicated address: ${ADDRESS}`],
    [`[{"${ADDRESS}":1},{"${ADDRESS}":1}]`, -8, `Invalid parameter, duplicated address: ${ADDRESS}`],
    ['[{"data":"00"},{"data":"01"}]', -8, 'Invalid parameter, duplicate key: data'],
    ['{"data":"0"}', -8, "Data must be hexadecimal string (not '0')"],
    ['{"data":""}', -8, "Data must be hexadecimal string (not '')"],
    ['{"data":"0g"}', -8, "Data must be hexadecimal string (not '0g')"],
    ['{"data":"g0"}', -8, "Data must be hexadecimal string (not 'g0')"],
    ['{"data":"000"}', -8, "Data must be hexadecimal string (not '000')"],
    ['{"data":5}', -8, "Data must be hexadecimal string (not '5')"],
    [`{"${ADDRESS}":-1}`, -3, 'Amount out of range'],
    [`{"${ADDRESS}":21000000.00000001}`, -3, 'Amount out of range'],
    [`{"${ADDRESS}":0.000000001}`, -3, 'Invalid amount'],
    [`{"${ADDRESS}":[]}`, -3, 'Amount is not a number or string'],
  ])('are refused: %s', async (json, rpcCode, message) => {
    await expect(outputs(json)).rejects.toMatchObject({ rpcCode, message });
  });

  it('are built with a step between them', async () => {
    let steps = 0;
    const step = () => {
      steps++;
      return Promise.resolve();
    };
    await outputs(`[{"${ADDRESS}":1},{"data":"00"}]`, step);
    expect(steps).toBe(2);
  });
});

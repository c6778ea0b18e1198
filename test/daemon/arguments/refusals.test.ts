import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readSettings } from '../../../src/daemon/arguments/read-settings.ts';
import { options } from '../../../src/daemon/options/index.ts';
import { tempDir } from '../../support/temp-dir.ts';

const folder = tempDir('refusals');

/** Reads a configuration file and a command line. */
function read(text: string, ...words: string[]) {
  writeFileSync(join(folder, 'bitcoin.conf'), text);
  return readSettings([`-datadir=${folder}`, ...words], options);
}

// The texts are bitcoind's: test/interop/daemon-options.test.ts compares these and more with one.

it.each([
  ['', ['-regtest.port=1'], 'Error parsing command line arguments: Invalid parameter -regtest.port=1'],
  ['', ['-foo'], 'Error parsing command line arguments: Invalid parameter -foo'],
  ['', ['foo'], "Command line contains unexpected token 'foo', see pierd -h for a list of options."],
  ['', ['-chain=main', '-regtest'], 'Invalid combination of -regtest, -signet, -testnet, -testnet4 and -chain.'],
  ['', ['-chain=foo'], 'Unknown chain foo.'],
  ['', ['-includeconf=a'], '-includeconf cannot be used from commandline; -includeconf="a"'],
  ['rpcpassword=a#b', [], 'parse error on line 1, using # in rpcpassword can be ambiguous and should be avoided'],
  ['\nnoport', [], 'parse error on line 2: noport, if you intended to specify a negated option, use noport=1 instead'],
  ['port=1', ['-regtest'], 'Config setting for -port only applied on regtest network when in [regtest] section.'],
  ['includeconf=nope', [], 'Error reading configuration file: Failed to include configuration file nope'],
])('%j with %j is refused', (text, words, message) => {
  expect(() => read(text, ...words)).toThrow(message);
});

it('a password without # and a # behind another option are read, and unknown sections are named', () => {
  expect(read('rpcpassword=ab\nrpcuser=a#b').settings.text('rpcuser')).toBe('a');
  const path = join(folder, 'bitcoin.conf');
  expect(read('[foo]\nport=1\nfoo=1', '-regtest').warnings).toEqual([
    'Ignoring unknown configuration value foo.foo',
    `${path}:1 Section [foo] is not recognized.`,
  ]);
  expect(read('a.b.port=1', '-regtest').warnings).toContain(`${path}:1 Section [a.b] is not recognized.`);
});

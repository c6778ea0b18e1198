import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSettings } from '../../../src/daemon/arguments/read-settings.ts';
import { options } from '../../../src/daemon/options/index.ts';
import { tempDir } from '../../support/temp-dir.ts';

const folder = tempDir('values');

/** Returns the settings of a configuration file and a command line. */
function settingsOf(text: string, ...words: string[]) {
  writeFileSync(join(folder, 'bitcoin.conf'), text);
  return readSettings([`-datadir=${folder}`, '-regtest', ...words], options).settings;
}

// test/interop/daemon-options.test.ts compares random sources with a bitcoind.

describe('the value of an option', () => {
  it('is the last one of the command line, before the first one of the section, and that of the file', () => {
    const text = 'rpcuser=file\nrpcuser=second\n[regtest]\nrpcuser=section\nrpcuser=later\n';
    expect(settingsOf(text, '-rpcuser=a', '-rpcuser=b').text('rpcuser')).toBe('b');
    expect(settingsOf(text).text('rpcuser')).toBe('section');
    expect(settingsOf('rpcuser=file\nrpcuser=second\n').text('rpcuser')).toBe('file');
    expect(settingsOf('').text('rpcuser')).toBeUndefined();
  });

  it('is none after its negation, and none outside of sections if it is for one network', () => {
    expect(settingsOf('rpcuser=a\nnorpcuser=1\n').isNegated('rpcuser')).toBe(true);
    expect(settingsOf('norpcuser=1\nrpcuser=a\n').text('rpcuser')).toBe('a');
    expect(settingsOf('port=1\n[regtest]\nport=2\n').text('port')).toBe('2');
    expect(settingsOf('port=1\n[regtest]\nnoport=1\n', '-port=3').text('port')).toBe('3');
    // A negation holds for each network.
    expect(settingsOf('noconnect=1\n').isNegated('connect')).toBe(true);
    expect(settingsOf('connect=a\nnoconnect=1\n').list('connect')).toEqual([]);
    expect(settingsOf('connect=a\nnoconnect=1\n').has('connect')).toBe(true);
  });

  it('is read as a switch and as a number as bitcoind reads it', () => {
    const bool = (value: string) => settingsOf('', `-txindex${value}`).bool('txindex', false);
    expect(['', '=', '=1', '=2', '=-1', '= 1x', '=+1'].map(bool)).toEqual(Array(7).fill(true));
    expect(['=0', '=x', '=true', '=0x1', '=--1'].map(bool)).toEqual(Array(5).fill(false));
    expect(settingsOf('', '-notxindex').bool('txindex', true)).toBe(false);
    expect(settingsOf('', '-notxindex=0').bool('txindex', false)).toBe(true);
    const int = (value: string) => settingsOf('', `-dbcache${value}`).int('dbcache', 7n);
    expect(['=12', '= -3x', '=x', '', '=99999999999999999999'].map(int)).toEqual([12n, -3n, 0n, 0n, 2n ** 63n - 1n]);
    expect(settingsOf('', '-nodbcache').int('dbcache', 7n)).toBe(0n);
    expect(settingsOf('').int('dbcache', 7n)).toBe(7n);
  });
});

describe('the values of an option that may have several', () => {
  it('are those of all sources, from the last negation on', () => {
    const text = 'debug=file\n[regtest]\ndebug=section\n';
    expect(settingsOf(text, '-debug=a', '-debug=b').list('debug')).toEqual(['a', 'b', 'section', 'file']);
    expect(settingsOf(text, '-debug=a', '-nodebug', '-debug=b').list('debug')).toEqual(['b', 'section', 'file']);
    expect(settingsOf(text, '-nodebug').list('debug')).toEqual([]);
    expect(settingsOf('debug=file\n[regtest]\nnodebug=1\ndebug=section\n').list('debug')).toEqual(['section', 'file']);
  });
});

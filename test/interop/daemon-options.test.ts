import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseCommandLine } from '../../src/daemon/arguments/command-line.ts';
import { OptionError } from '../../src/daemon/arguments/option-error.ts';
import { type ReadSettings, readSettings } from '../../src/daemon/arguments/read-settings.ts';
import { options, optionsByGroup } from '../../src/daemon/options/index.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { describeBitcoind, runProgram } from '../support/bitcoind.ts';
import { bitcoindDir } from '../support/oracles.ts';
import { tempDir } from '../support/temp-dir.ts';

/** Options that the help of Knots does not list, or in another group than Core. */
const ELSEWHERE_IN_KNOTS: readonly string[] = ['?', 'h', 'uacomment'];

/** Random sets of sources that are compared. */
const CASES = Number(process.env.PIER_OPTION_CASES ?? 15);

describeBitcoind('the options of pierd', () => {
  const bitcoind = (args: readonly string[]) => runProgram(join(bitcoindDir!, 'bitcoind'), args);
  /** Returns what bitcoind says about a command line, without its hints on the log. */
  const complaint = async (args: readonly string[]) => {
    const { stderr } = await bitcoind(args);
    return (
      stderr
        .replaceAll('bitcoind -h', 'pierd -h')
        // Of Knots alone.
        .replace('Error reading configuration file: Unknown chain', 'Unknown chain')
        .replace('Error reading configuration file: Invalid combination', 'Invalid combination')
        .replaceAll('\n\n', '\n')
        .trim()
    );
  };
  /** Returns what Pier says. */
  const ours = (args: readonly string[], say: (read: ReadSettings) => string = () => ''): string => {
    try {
      const read = readSettings(args, options);
      const warnings = read.warnings.filter((text) => !text.startsWith('Ignoring unknown'));
      return [...warnings.map(warning), say(read)].join('').trim();
    } catch (error) {
      if (!(error instanceof OptionError)) throw error;
      return `Error: ${error.message}`;
    }
  };
  const parseError = (word: string) => {
    try {
      parseCommandLine([word], options);
      return '';
    } catch (error) {
      return `Error: ${(error as Error).message}`;
    }
  };
  const warning = (text: string) => (text.startsWith('-includeconf') ? `warning: ${text}\n` : `Warning: ${text}\n`);
  /** A last error, behind those of arguments and files. */
  const TooSmall = 'Error: -maxmempool must be at least 5 MB';

  it('are those of bitcoind, may be negated and be without a value where its own may', async () => {
    const words = [...options.keys()].flatMap((name) => [`-no${name}`, `-${name}`]);
    const accepted = words.filter((word) => parseError(word) === '');
    expect(accepted.length).toBeGreaterThan(words.length * 0.9);
    expect(await complaint([...accepted, '-version'])).toBe('');
    for (const word of words.filter((each) => !accepted.includes(each))) {
      expect(parseError(word), word).toBe(await complaint([word, '-version']));
    }
  });

  it('are refused in the same words on the command line', async () => {
    const dataDir = tempDir('options');
    const lines = [
      ...[['-foo'], ['-foo=1'], ['-nofoo'], ['foo'], ['-foo', 'foo'], ['foo', '-foo'], ['-', 'foo'], ['-Port=1']],
      ...[['--'], ['--foo'], ['---port=1'], ['-=1'], ['-no'], ['-nonoport'], ['-regtest.port=1'], ['-no.port=1']],
      ...[
        ['-includeconf=a'],
        ['-includeconf'],
        ['-includeconf=a', '-noincludeconf'],
        ['-noincludeconf', '-includeconf=1'],
      ],
      ...[['-chain=foo'], ['-regtest', '-signet'], ['-chain=main', '-regtest'], ['-regtest', '-noregtest', '-signet']],
      ...[['-conf=/nope'], ['-conf=nope'], ['-noconf'], ['-conf'], ['-datadir=/nope'], ['-datadir']],
    ];
    for (const line of lines) {
      const args = [`-datadir=${dataDir}`, '-maxmempool=1', ...line];
      const answer = await complaint(args);
      expect(
        ours(args, () => TooSmall),
        line.join(' '),
      ).toBe(answer);
    }
  });

  it('are refused in the same words in configuration files', async () => {
    const texts = [
      ...['-port=1', 'port', 'noport', 'conf=x', 'rpcpassword=a#b', 'regtest.rpcpassword=a # b', 'rpcuser=a#b'],
      ...['includeconf=nope', 'foo=1', 'proxy', 'nodatadir=1', 'regtest.nodatadir=1', 'datadir=/nope', 'chain=foo'],
      ...[
        'regtest=1',
        'signet=1',
        '[foo]\nport=1',
        '[foo]\n[bar]',
        'foo.port=1',
        'a.b.port=1',
        '[]',
        '[regtest',
        'regtest]',
      ],
      ...['port=1', 'noserver=1', 'port=1\nwallet=x\nbind=1', '[main]\nport=1', '[regtest]\nport=1\n[test]\nport=2'],
      ...['=1', 'port = ', ' = ', '#', ' #x', '\r\n', '[regtest]\r\nport=1\r\n', 'includeconf=more.conf', 'no=1'],
      ...['[regtest]\nincludeconf=more.conf', 'includeconf=nested.conf', 'noincludeconf=1\nincludeconf=more.conf'],
      ...['includeconf=more.conf\nnoincludeconf=1', '[test]\nincludeconf=nope'],
    ];
    for (const text of texts) {
      const dataDir = tempDir('options');
      writeFileSync(join(dataDir, 'bitcoin.conf'), text);
      writeFileSync(join(dataDir, 'more.conf'), 'port');
      writeFileSync(join(dataDir, 'nested.conf'), 'includeconf=more.conf\n');
      const args = [`-datadir=${dataDir}`, '-maxmempool=1', '-chain=regtest'];
      expect(
        ours(args, () => TooSmall),
        text,
      ).toBe(await complaint(args));
    }
  });

  it('have the same values, wherever they come from', { timeout: 60_000 }, async () => {
    const random = new SeededRandom(1);
    const pick = <T>(list: readonly T[]): T => list[random.bytes(1)[0]! % list.length]!;
    const times = <T>(most: number, make: () => T): T[] =>
      Array.from({ length: random.bytes(1)[0]! % (most + 1) }, make);
    let count = 0;
    for (let i = 0; i < CASES; i++) {
      const name = pick(['port', 'minrelaytxfee', 'test']);
      const form = () => {
        count++;
        return pick([`${name}=x${count}`, `${name}=x${count}`, `no${name}=1`, `no${name}=0`, `${name}=`]);
      };
      const section = () => pick(['', '[regtest]\n', '[test]\n', `regtest.${form()}\n`]);
      const text = () => times(3, () => `${section()}${form()}\n`).join('');
      const dataDir = tempDir('options');
      mkdirSync(dataDir, { recursive: true });
      writeFileSync(join(dataDir, 'bitcoin.conf'), `${pick(['', 'includeconf=more.conf\n'])}${text()}`);
      writeFileSync(join(dataDir, 'more.conf'), text());
      const args = [`-datadir=${dataDir}`, '-regtest', '-rpcport=bad', ...times(3, () => `-${form()}`)];
      const say = ({ settings }: ReadSettings): string => {
        const tests = settings.list('test').map((each) => `Unrecognised option "${each}" provided in -test=<option>.`);
        const fee = settings.text('minrelaytxfee');
        const port = settings.text('port');
        const error =
          fee !== undefined && fee !== '0' && fee !== '1'
            ? `Error: Invalid amount for -minrelaytxfee=<amount>: '${fee}'`
            : port !== undefined && port !== '1'
              ? `Error: Invalid port specified in -port: '${port}'`
              : "Error: Invalid port specified in -rpcport: 'bad'";
        return [...tests.map(warning), error].join('');
      };
      expect(ours(args, say), `seed 1, case ${i}: ${args.join(' ')}`).toBe(await complaint(args));
    }
  });

  it('are those of the help, in its groups, but for those of Knots alone', async () => {
    const { stdout } = await bitcoind(['-help-debug']);
    const theirs = new Map<string, string[]>();
    let group = '';
    for (const line of stdout.split('\n')) {
      group = /^(\S.*):$/.exec(line)?.[1] ?? group;
      const name = /^ {2}-([a-z0-9_-]+)/.exec(line)?.[1];
      if (name) theirs.set(group, [...(theirs.get(group) ?? []), name]);
    }
    const differing = Object.entries(optionsByGroup).flatMap(([title, list]) => {
      const names = new Set(theirs.get(title));
      expect(names.size, title).toBeGreaterThan(0);
      return list.filter(({ name }) => !names.has(name)).map(({ name }) => name);
    });
    expect(differing.sort()).toEqual(ELSEWHERE_IN_KNOTS);
  });
});

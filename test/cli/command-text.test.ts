import { resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  completeCommands,
  controlCommand,
  pierCommand,
  programName,
  selectionOf,
  shellWord,
} from '../../src/cli/command-text.ts';
import { createProgram } from '../../src/cli/program.ts';
import { runCommand } from '../../src/cli/run.ts';
import { tempDir } from '../support/temp-dir.ts';

beforeEach(() => {
  for (const name of ['NODE_ID', 'PIER_DATADIR', 'PIER_NETWORK']) vi.stubEnv(name, undefined);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

it.each([
  ['/a/b_c-1.db', '/a/b_c-1.db'],
  ['~/x', '~/x'],
  ['/a b', '"/a b"'],
  ['a"$`\\b', '"a\\"\\$\\`\\\\b"'],
  ["it's", '"it\'s"'],
])('the shell reads %s from %s', (word, quoted) => {
  expect(shellWord(word)).toBe(quoted);
});

it.each([
  ['/usr/local/bin/pier', 'pier'],
  ['/repo/bin/pier.js', 'npx pier'],
  ['/x/node_modules/.bin/pier', 'npx pier'],
])('a command that was called as %s is called by %s', (path, name) => {
  expect(programName(path)).toBe(name);
});

describe('a selection', () => {
  it('is that of options, then of the environment, with absolute paths and without defaults', () => {
    expect(selectionOf({}, {})).toEqual({});
    expect(selectionOf({ network: 'regtest' }, { PIER_DATADIR: '', NODE_ID: '' })).toEqual({});
    const env = { NODE_ID: '3001', PIER_DATADIR: 'there', PIER_NETWORK: 'own.json' };
    expect(selectionOf({}, env)).toEqual({ nodeId: '3001', datadir: resolve('there'), network: resolve('own.json') });
    const given = { nodeId: '3002', datadir: '/here', network: 'classroom' };
    expect(selectionOf(given, env)).toEqual(given);
  });

  it('makes a command that works elsewhere', () => {
    const selection = { nodeId: '3002', datadir: '/my files', network: 'classroom' };
    expect(pierCommand('rpc', selection, 'uptime')).toBe(
      'NODE_ID=3002 pier rpc --datadir "/my files" --network classroom uptime',
    );
    expect(pierCommand('up', {})).toBe('pier up');
  });
});

describe('the commands in a message', () => {
  const complete = (text: string, ...words: string[]) => {
    const call = createProgram('0').commands.find((command) => command.name() === 'getbalance')!;
    call.parseOptions(words);
    return completeCommands(text, call);
  };

  it.each([
    [
      "Start it with 'pier startnode'.",
      'Start it with \'NODE_ID=3001 pier startnode --datadir "/a b" --network classroom\'.',
    ],
    [
      "'NODE_ID=3000 pier createblockchain --address A'",
      '\'NODE_ID=3000 pier createblockchain --datadir "/a b" --network classroom --address A\'',
    ],
    [
      "'pier startnode --network signet --seed HOST:PORT'",
      '\'NODE_ID=3001 pier startnode --datadir "/a b" --network signet --seed HOST:PORT\'',
    ],
    ['`pier reindexutxo`', '`NODE_ID=3001 pier reindexutxo --datadir "/a b" --network classroom`'],
    ["'pier up --state x'", '\'pier up --datadir "/a b" --network classroom --state x\''],
    ["'pier minegenesis FILE', 'pier help up'", "'pier minegenesis FILE', 'pier help up'"],
    ["the node's pier, and others'", "the node's pier, and others'"],
  ])('get what selects node and files: %s', (text, completed) => {
    expect(complete(text, '--node-id', '3001', '--datadir', '/a b', '--network', 'classroom')).toBe(completed);
  });

  it('for a network that runs get its name, if the call has one', () => {
    const program = createProgram('0');
    const call = (name: string, ...words: string[]) => {
      const found = program.commands.find((command) => command.name() === name)!;
      found.parseOptions(words);
      return found;
    };
    const text = "'pier mine 101', 'pier down --name other', 'pier createwallet', 'pier up'";
    expect(completeCommands(text, call('pay'))).toBe(text);
    expect(completeCommands(text, call('pay', '--name', 'second'))).toBe(
      "'pier mine 101 --name second', 'pier down --name other', 'pier createwallet', 'pier up'",
    );
    // The name of a wallet.
    expect(completeCommands(text, call('createwallet', '--name', 'alice'))).toBe(text);
    expect([controlCommand('status', 'default'), controlCommand('logs a', 'b')]).toEqual([
      'pier status',
      'pier logs a --name b',
    ]);
  });

  it('stay as they are by default', () => {
    expect(complete("'pier startnode', 'NODE_ID=1 pier send'")).toBe("'pier startnode', 'NODE_ID=1 pier send'");
  });

  it('are completed in the hint of an error', async () => {
    const dir = tempDir('command text');
    let stderr = '';
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      stderr += String(text);
      return true;
    });
    expect(await runCommand(['getbalance', '--node-id', '3001', '--datadir', dir], '0')).toBe(1);
    expect(stderr).toContain(`Create one with 'NODE_ID=3001 pier createwallet --datadir "${dir}"'.`);
    stderr = '';
    await runCommand(['getbalance', '--node-id', '3001', '--datadir', dir, '--json'], '0');
    expect(JSON.parse(stderr).error.hint).toContain(`pier createwallet --datadir "${dir}"`);
  });
});

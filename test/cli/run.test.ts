import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runCommand } from '../../src/cli/run.ts';

let stdout = '';
let stderr = '';

beforeEach(() => {
  stdout = '';
  stderr = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const run = (...words: string[]) => runCommand(words, '1.2.3');

/** Calls that Commander refuses, with the message and the hint. */
const refused: readonly [words: readonly string[], message: string, hint: string][] = [
  [['sendd'], "unknown command 'sendd'", "Did you mean send? 'pier help' lists the commands."],
  [['xyzzy'], "unknown command 'xyzzy'", "'pier help' lists the commands."],
  [
    ['getbalance', '--adress', 'x'],
    "unknown option '--adress'",
    "Did you mean --address? 'pier help getbalance' lists its arguments and options.",
  ],
  [
    ['send', '--to', 'x'],
    "required option '--amount <bitcoins>' not specified",
    "'pier help send' lists its arguments and options.",
  ],
  [['rpc'], "missing required argument 'method'", "'pier help rpc' lists its arguments and options."],
  [
    ['startnode', '--host'],
    "option '--host <address>' argument missing",
    "'pier help startnode' lists its arguments and options.",
  ],
  [
    ['createwallet', '--type', 'x'],
    "option '--type <type>' argument 'x' is invalid. Allowed choices are legacy, p2sh-segwit, bech32, bech32m.",
    "'pier help createwallet' lists its arguments and options.",
  ],
  [
    ['snapshot', 'resotre'],
    "command-argument value 'resotre' is invalid for argument 'action'. Allowed choices are save, list, restore, delete.",
    "Did you mean restore? 'pier help snapshot' lists its arguments and options.",
  ],
  [
    ['up', '--shape', 'rin'],
    "option '--shape <name>' argument 'rin' is invalid. Allowed choices are line, ring, star, mesh, random, small-world.",
    "Did you mean ring? 'pier help up' lists its arguments and options.",
  ],
  [['help', 'sendd'], "unknown command 'sendd'", "'pier help' lists the commands."],
  [
    ['getbalance', 'x'],
    "too many arguments for 'getbalance'. Expected 0 arguments but got 1.",
    "'pier help getbalance' lists its arguments and options.",
  ],
];

describe.each(refused)('%j', (words, message, hint) => {
  it('is refused with the exit code 2 and a hint', async () => {
    expect(await run(...words)).toBe(2);
    expect([stdout, stderr]).toEqual(['', `pier: ${message}\n      ${hint}\n`]);
  });

  it('is refused in JSON with --json', async () => {
    // An option without its value would take a word that follows.
    const [command, ...rest] = words;
    const json = rest.length > 0 && command !== 'help' ? [command!, '--json', ...rest] : [...words, '--json'];
    expect(await run(...json)).toBe(2);
    expect(stdout).toBe('');
    expect(stderr.split('\n')).toHaveLength(2);
    expect(JSON.parse(stderr)).toEqual({ error: { code: 'usage', message, hint } });
  });
});

it('prints the help of a call without a command to stderr, with the exit code 2', async () => {
  expect(await run()).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toContain('Usage: pier');
});

it.each([
  [['--version'], '1.2.3\n'],
  [['help', 'up'], 'Usage: pier up'],
  [['up', '--help'], 'Usage: pier up'],
])('%j is no error', async (words, text) => {
  expect(await run(...words)).toBe(0);
  expect(stderr).toBe('');
  expect(stdout).toContain(text);
});

it('reports errors of a command as JSON with --json, but not for --json behind --', async () => {
  vi.stubEnv('NODE_ID', undefined);
  expect(await run('getbalance', '--json')).toBe(2);
  expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'no-node-id' } });
  stderr = '';
  expect(await run('getbalance', '--', '--json')).toBe(2);
  expect(stderr).toMatch(/^pier: /);
});

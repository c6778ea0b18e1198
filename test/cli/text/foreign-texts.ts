import type ts from 'typescript';
import { isForLibrary } from '../../../src/control/server/client-errors.ts';
import { errorTexts, readSources, type SourceText } from './source-texts.ts';

/** Layers of pages, of tests and of `pierd`, which the command does not load. */
const OTHER_PROGRAMS = /^(browser|daemon|testing|vitest|web)\//;

/** Sources whose texts stay in English, or do not reach the command. */
const english: readonly (readonly [paths: RegExp, why: string])[] = [
  [/^api\/(?!client\/|rpc\/(cookie|rpc-server)\.ts)/, "answers of a node in Bitcoin Core's words, which users look up"],
  [/^mempool\/(?!dump\.ts)/, "Bitcoin Core's reject reasons"],
  [/^p2p\/(wire|transport\/v[12])/, 'disconnect reasons, in logs'],
  [/^(crypto\/chacha20|proofs\/golomb-rice|script\/number)\.ts/, 'faults of peers and scripts, in logs and traces'],
  [/^script\/sighash\//, 'names of the fields of a signature hash'],
  [/^chain\/(scripts|utxo\/coin-codec|records\/(keys|index-codec))/, 'causes of errors, which are not printed'],
  [/^devnet\/network\/(arguments|events)\/|^devnet\/network\/network-fixture\.ts/, 'calls of the library'],
];

/** What names the argument or member that a text is about: it is translated without. */
const PLACE = /^(?:[a-zA-Z][\w.]*(?:\[\{\d\}\])*(?:\.\{\d\})?: )+/;

/** A text of a layer below the command. */
export interface ForeignText extends SourceText {
  /** Whether the command may print it, so that it must be translated. Names and single words need not be. */
  readonly isDemanded: boolean;
}

/** Returns the texts of the layers below the command, and the errors of the command, which are translated as those are. */
export function foreignTexts(): ForeignText[] {
  const files = readSources((path) => !OTHER_PROGRAMS.test(path));
  return [...errorTexts(files), ...composedTexts(files)]
    .map((found) => ({ ...found, text: numbered(found.text.replace(PLACE, '')) }))
    .map((found) => ({ ...found, isDemanded: isDemanded(found) }));
}

/** Texts that come into an error by ways that the scan does not follow, and the words of a source that make each. */
const composed: readonly (readonly [text: string, path: string, ...words: string[]])[] = [
  ['another program', 'cli/up/port-user.ts', "'another program'"],
  ['a program that speaks HTTP', 'cli/up/port-user.ts', "'a program that speaks HTTP'"],
  [
    'a program that speaks HTTP uses this port',
    'cli/commands/startnode.ts',
    "replace('another program uses', `",
    ' uses`)',
  ],
  ['another program uses this port', 'cli/commands/startnode.ts', "replace('another program uses', `", ' uses`)'],
  [
    'the steps of the scenario are being played',
    'cli/up/up-scenario.ts',
    "'the steps of the scenario are being played'",
  ],
  [
    'not available on a light node, which has no blocks',
    'api/methods/dispatch.ts',
    "': not available on a light node, which",
  ],
  ['no space left on the disk', 'store/lmdb/prerequisites.ts', '`no space left on the disk'],
  ['no space left on the disk ({0} bytes free)', 'store/lmdb/prerequisites.ts', ' bytes free)`'],
  ['the limit of file sizes is reached', 'store/lmdb/prerequisites.ts', "'the limit of file sizes is reached'"],
  ['Did you mean {0}?', 'cli/rpc-error-text.ts', '`Did you mean $'],
  ['standard input', 'cli/commands/verify.ts', "'standard input'"],
  ['light node {0}', 'commands/verify.ts', '`light node $'],
  ['and {0} more', 'devnet/topology/topology-error.ts', '`and '],
  ['{0} instead of {1}', 'devnet/network/state/network-state.ts', '} instead of $'],
  ['its wallets have other keys', 'devnet/network/state/network-state.ts', "'its wallets have other keys'"],
];

function composedTexts(files: readonly ts.SourceFile[]): SourceText[] {
  return composed.map(([text, path, ...words]) => {
    const source = files.find(({ fileName }) => fileName === path)?.text ?? '';
    const missing = words.find((word) => !source.includes(word));
    if (missing !== undefined) throw new Error(`${path} has no ${missing}`);
    return { path, line: 0, text };
  });
}

/** Returns a template with its values numbered in their order. */
function numbered(text: string): string {
  let index = 0;
  return text.replaceAll(/\{\d\}/g, () => `{${index++}}`);
}

function isDemanded({ path, text }: SourceText): boolean {
  if (english.some(([paths]) => paths.test(path))) return false;
  // The control server replaces these; others are of createNetwork, which `pier up` calls.
  if (path.startsWith('devnet/network/') && isForLibrary(text)) return false;
  if (/^(HEAD|NODE_ID=|[\w.{}]+: [\w.[\]{}]+$)/.test(text)) return false;
  return /[a-z]{2,}/.test(text) && /\S \S/.test(text.replaceAll(/\{\d\}/g, 'x').replaceAll(/^x |( x)+$/g, ''));
}

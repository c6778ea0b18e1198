import { type Action, type ActionValues, linkActions, networkActions, nodeActions } from './actions.ts';

/** Actions that are offered at most. */
const MAX_OFFERS = 8;

/** An action as the command bar knows it. */
export interface BarCommand {
  readonly action: Action;
  /** What it acts on: nothing, a node, or the two ends of a link. */
  readonly on: readonly string[];
}

/** A command with the values that were typed after it. */
export interface Offer extends BarCommand {
  readonly values: ActionValues;
  /** Words after the last field: they mean nothing. */
  readonly spare: readonly string[];
}

/** Returns all commands for a network's nodes and links. */
export function barCommands(
  nodes: Iterable<string>,
  links: Iterable<{ readonly from: string; readonly to: string }>,
): BarCommand[] {
  return [
    ...networkActions.map((action) => ({ action, on: [] })),
    ...[...nodes].flatMap((node) => nodeActions(node).map((action) => ({ action, on: [node] }))),
    ...[...links].flatMap(({ from, to }) => linkActions(from, to).map((action) => ({ action, on: [from, to] }))),
  ];
}

/**
 * Returns the commands that a line may mean, the best first. Its first word is the beginning of an action's name, in English
 * or as the page says it; the next ones are what it acts on, and its fields, in their order or as NAME=VALUE.
 */
export function offersFor(
  line: string,
  commands: readonly BarCommand[],
  titleOf: (action: Action['name']) => string,
): Offer[] {
  const [first = '', ...rest] = wordsOf(line);
  const found = commands.flatMap((command) => {
    const rank = rankOf(first, command, titleOf);
    const offer = rank === undefined ? undefined : fillIn(command, rest);
    return offer ? [{ rank: rank!, offer }] : [];
  });
  return found
    .sort((a, b) => a.rank - b.rank)
    .slice(0, MAX_OFFERS)
    .map(({ offer }) => offer);
}

/** What was named that is not there: a node, or the ends of a link. */
export interface Misfit {
  readonly text: 'node' | 'link';
  /** What was typed, and what there is. */
  readonly values: readonly string[];
  readonly action: Action['name'];
}

/** Returns why a line that begins with a command's name has no offer; undefined if no command is called so. */
export function findMisfit(line: string, commands: readonly BarCommand[]): Misfit | undefined {
  const [first, ...words] = wordsOf(line);
  const called = commands.filter(({ action, on }) => action.name === first && on.length > 0);
  if (!called[0]) return undefined;
  const isNode = called[0].on.length === 1;
  const names = called.map(({ on }) => on.join(' '));
  const given = isNode ? [words[0] ?? ''] : [words[0] ?? '', words[1] ?? ''];
  return { text: isNode ? 'node' : 'link', action: called[0].action.name, values: [...given, names.join(', ')] };
}

/** Returns the words of a line, as the page itself writes commands. */
function wordsOf(line: string): string[] {
  return line
    .trim()
    .replace(/^pier\s+/, '')
    .split(/\s+/);
}

/** Returns how well a word names an action: 0 exactly; undefined if it does not. */
function rankOf(word: string, { action }: BarCommand, titleOf: (action: Action['name']) => string): number | undefined {
  const [given, name, title] = [word, action.name, titleOf(action.name)].map((text) => text.toLowerCase()) as [
    string,
    string,
    string,
  ];
  if (given === name) return 0;
  if (name.startsWith(given)) return 1;
  if (title.startsWith(given)) return 2;
  return title.includes(given) ? 3 : undefined;
}

/** Returns the command with the words as what it acts on and as values; undefined if they name something else. */
function fillIn({ action, on }: BarCommand, words: readonly string[]): Offer | undefined {
  const left = [...words];
  for (const name of on) {
    const word = left.shift();
    // A name that is not typed to its end yet.
    if (word !== undefined && !(left.length === 0 ? name.startsWith(word) : name === word)) return undefined;
  }
  const values: Record<string, string> = Object.fromEntries(action.fields.map(({ name, initial }) => [name, initial]));
  const places = action.fields.map(({ name }) => name);
  const spare: string[] = [];
  for (const word of left) {
    const [, name, value] = /^([a-z]+)=(.*)$/i.exec(word) ?? [];
    const isNamed = name !== undefined && action.fields.some((field) => field.name === name);
    const place = isNamed ? (name as (typeof places)[number]) : places[0];
    if (place === undefined) {
      spare.push(word);
      continue;
    }
    places.splice(places.indexOf(place), 1);
    values[place] = isNamed ? value! : word;
  }
  // The groups of a partition are all the words that follow.
  if (action.fields[0]?.kind === 'groups' && spare.length > 0) {
    const { name } = action.fields[0]!;
    values[name] = [values[name], ...spare.splice(0)].join(' ');
  }
  return { action, on, values, spare };
}

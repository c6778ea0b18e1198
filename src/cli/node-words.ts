import { t } from './text/texts.ts';

/** Roles and states of nodes for people, by their names in JSON. */
const words: Readonly<Record<string, () => string>> = {
  central: () => t`central`,
  full: () => t`full`,
  miner: () => t`miner`,
  wallet: () => t`wallet`,
  light: () => t`light`,
  running: () => t`running`,
  paused: () => t`paused`,
  stopped: () => t`stopped`,
};

/** Returns what a role or a state of a node is called in the language of the user. */
export function nodeWord(name: string): string {
  return Object.hasOwn(words, name) ? words[name]!() : name;
}

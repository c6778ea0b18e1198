import { type Argument, type Command, Help, type Option } from 'commander';
import { LANG_FLAGS, languages } from './text/language.ts';
import { isTranslated, say } from './text/texts.ts';
import { displayWidth, wrap } from './text/width.ts';

/** Environment variables that commands read, each with its meaning. `pier help` and docs/cli.md list them. */
export const environment: readonly (readonly [name: string, meaning: string])[] = [
  ['NODE_ID', 'the node: its port, as --node-id'],
  ['PIER_DATADIR', 'folder of the files, as --datadir'],
  ['PIER_NETWORK', 'the network, as --network'],
  ['PIER_SECP256K1', 'engine for signatures: native or wasm'],
  ['LANG', 'language, after LC_ALL and LC_MESSAGES'],
  ['NO_COLOR', 'print without colours'],
  ['FORCE_COLOR', 'print colours on pipes too; 0: none'],
];

/** Exit codes of all commands, each with its meaning. */
export const exitCodes: readonly (readonly [code: string, meaning: string])[] = [
  ['0', 'done'],
  ['1', 'failed, or a payment is not proved (verify)'],
  ['2', 'wrong usage'],
  ['130', 'ended at once by a second Ctrl-C'],
];

/** The commands for a network that `pier up` runs in another terminal. */
export const controlCommands: readonly string[] = [
  ...[
    'status',
    'mine',
    'accounts',
    'faucet',
    'pay',
    'doublespend',
    'reorg',
    'partition',
    'heal',
    'link',
    'time',
    'fees',
    'load',
    'mining',
  ],
  ...['snapshot', 'add', 'start', 'stop', 'kill', 'pause', 'resume', 'logs', 'page', 'reset', 'down'],
];

/** Headings of `pier help`, with the commands below them. */
const groups: Readonly<Record<string, readonly string[]>> = {
  'A whole network:': ['up', 'scenario'],
  'A network that runs:': controlCommands,
  'Chains and nodes:': ['createblockchain', 'startnode', 'printchain', 'reindexutxo', 'minegenesis'],
  'Wallets:': ['createwallet', 'listaddresses', 'getbalance', 'send', 'showmnemonic'],
  'Queries and proofs:': ['rpc', 'verify'],
  'The shell:': ['completion'],
};

/** Examples of each command. */
export const examples: Readonly<Record<string, readonly string[]>> = {
  up: ['pier up', 'pier up --nodes 20 --shape random --seed 7', 'pier up network.yaml --state network.state'],
  scenario: ['pier scenario'],
  status: ['pier status', 'pier status --watch'],
  mine: ['pier mine', 'pier mine 10 --by node2 --to 0'],
  mining: ['pier mining', 'pier mining transactions', 'pier mining interval 10', 'pier mining manual'],
  accounts: ['pier accounts'],
  faucet: ['pier faucet 0 1.5', 'pier faucet ADDRESS 0.1'],
  pay: ['pier pay 0 1 1.5 --fee-rate 5'],
  doublespend: ['pier doublespend TXID', 'pier doublespend TXID --to 1 --fee-rate 50'],
  reorg: ['pier reorg 2'],
  partition: ['pier partition node1 node2,node3'],
  heal: ['pier heal'],
  link: ['pier link node1 node2 --latency 200', 'pier link node1 node2 --cut'],
  time: ['pier time --increase 3600'],
  fees: ['pier fees 20'],
  load: ['pier load --seconds 60 --rate 10'],
  snapshot: ['pier snapshot save calm', 'pier snapshot restore calm'],
  add: ['pier add', 'pier add pool --role miner --link node1 --link node2'],
  start: ['pier start node2'],
  stop: ['pier stop node2'],
  kill: ['pier kill node2'],
  pause: ['pier pause node2'],
  resume: ['pier resume node2'],
  reset: ['pier reset', 'pier reset --files --yes'],
  page: ['pier page'],
  logs: ['pier logs', 'pier logs node2 --follow', 'pier logs --lines 1000 --json'],
  down: ['pier down', 'pier down --name other'],
  createblockchain: ['NODE_ID=3000 pier createblockchain --address ADDRESS'],
  startnode: [
    'NODE_ID=3001 pier startnode',
    'NODE_ID=3002 pier startnode --miner ADDRESS',
    'NODE_ID=3003 pier startnode --spv',
  ],
  printchain: ['NODE_ID=3000 pier printchain --limit 1'],
  reindexutxo: ['NODE_ID=3000 pier reindexutxo'],
  minegenesis: ['pier minegenesis my-network.json'],
  createwallet: ['NODE_ID=3001 pier createwallet --name alice'],
  listaddresses: ['NODE_ID=3001 pier listaddresses'],
  getbalance: ['NODE_ID=3001 pier getbalance'],
  send: ['NODE_ID=3001 pier send --to ADDRESS --amount 1.5'],
  showmnemonic: ['NODE_ID=3001 pier showmnemonic'],
  rpc: ['NODE_ID=3000 pier rpc getblockhash 100'],
  completion: ['pier completion bash'],
  verify: ['pier verify TXID --address ADDRESS', 'pier verify --proof proof.json'],
};

/** Columns below which a description stands on lines of its own. */
const MIN_DESCRIPTION_COLUMNS = 20;

/** Adds the options of all commands, and examples, environment and exit codes to the help of a program and its commands. */
export function addHelp(program: Command): void {
  program.option(
    LANG_FLAGS,
    `language of messages: ${languages.join(' or ')} (default: that of LC_ALL, LC_MESSAGES or LANG)`,
  );
  program.configureHelp({ ...localizedHelp, subcommandTerm: (command) => command.name() });
  program.addHelpText('after', () =>
    ['', table('Environment:', environment), '', table('Exit codes:', exitCodes), '', say(DESCRIBES)].join('\n'),
  );
  for (const command of program.commands) {
    const name = command.name();
    command.configureHelp(localizedHelp);
    const group = Object.keys(groups).find((heading) => groups[heading]!.includes(name));
    if (group !== undefined) command.helpGroup(group);
    command.addHelpText('after', () =>
      ['', say('Examples:'), ...(examples[name] ?? []).map((line) => `  ${line}`)].join('\n'),
    );
  }
}

const DESCRIBES = "'pier help COMMAND' describes a command.";

/** Returns the options that all commands have. */
export function globalOptions(program: Command): readonly Option[] {
  return program.options.filter(({ flags }) => flags === LANG_FLAGS);
}

const plain = Help.prototype;

/** Where the help differs from that of Commander: it is in the language of the user. */
const localizedHelp: Partial<Help> = {
  minWidthToWrap: MIN_DESCRIPTION_COLUMNS,
  showGlobalOptions: true,
  visibleGlobalOptions: (command) => (command.parent ? [...globalOptions(command.parent)] : []),
  styleTitle: say,
  commandDescription: (command) => say(command.description()),
  subcommandDescription: (command) => say(command.description()),
  optionDescription: (option) => described(option, plain.optionDescription(option)),
  argumentDescription: (argument) => described(argument, plain.argumentDescription(argument)),
  displayWidth: (text) => (isTranslated() ? displayWidth(text) : plain.displayWidth(text)),
  formatHelp(command, helper) {
    // A wide colon has its space.
    return plain.formatHelp.call(this, command, helper).replace(/^(.*：) /, '$1');
  },
  boxWrap(text, width) {
    return isTranslated() && width >= MIN_DESCRIPTION_COLUMNS
      ? wrap(text, width)
      : plain.boxWrap.call(this, text, width);
  },
};

/** Returns what Commander says of an option or argument: its description, and in brackets its choices and default. */
function described({ description }: Argument | Option, text: string): string {
  const more = text.slice(description.length).trim();
  if (more === '') return say(description);
  if (!isTranslated()) return text;
  const notes = more.slice(1, -1).replace('choices: ', say('choices: ')).replace(', default: ', say(', default: '));
  return `${say(description)}（${notes.replace(/^default: /, say('default: '))}）`;
}

function table(heading: string, rows: readonly (readonly [name: string, meaning: string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return [say(heading), ...rows.map(([name, meaning]) => `  ${name.padEnd(width)}  ${say(meaning)}`)].join('\n');
}

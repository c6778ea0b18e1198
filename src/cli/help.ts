import type { Command } from 'commander';

/** Environment variables that commands read, each with its meaning. `pier help` and docs/cli.md list them. */
export const environment: readonly (readonly [name: string, meaning: string])[] = [
  ['NODE_ID', 'the node: its port, as --node-id'],
  ['PIER_DATADIR', 'folder of the files, as --datadir'],
  ['PIER_NETWORK', 'the network, as --network'],
  ['PIER_SECP256K1', 'engine for signatures: native or wasm'],
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
    'reorg',
    'partition',
    'heal',
    'link',
    'time',
    'fees',
    'load',
    'mining',
  ],
  ...['snapshot', 'start', 'stop', 'kill', 'pause', 'resume', 'logs', 'page', 'reset', 'down'],
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
  reorg: ['pier reorg 2'],
  partition: ['pier partition node1 node2,node3'],
  heal: ['pier heal'],
  link: ['pier link node1 node2 --latency 200', 'pier link node1 node2 --cut'],
  time: ['pier time --increase 3600'],
  fees: ['pier fees 20'],
  load: ['pier load --seconds 60 --rate 10'],
  snapshot: ['pier snapshot save calm', 'pier snapshot restore calm'],
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

/** Adds examples, environment and exit codes to the help of a program and its commands. */
export function addHelp(program: Command): void {
  program.configureHelp({
    minWidthToWrap: MIN_DESCRIPTION_COLUMNS,
    subcommandTerm: (command) => command.name(),
  });
  program.addHelpText(
    'after',
    `\n${table('Environment:', environment)}\n\n${table('Exit codes:', exitCodes)}\n\n'pier help COMMAND' describes a command.`,
  );
  for (const command of program.commands) {
    const name = command.name();
    command.configureHelp({ minWidthToWrap: MIN_DESCRIPTION_COLUMNS });
    const group = Object.keys(groups).find((heading) => groups[heading]!.includes(name));
    if (group !== undefined) command.helpGroup(group);
    command.addHelpText('after', ['', 'Examples:', ...(examples[name] ?? []).map((line) => `  ${line}`)].join('\n'));
  }
}

function table(heading: string, rows: readonly (readonly [name: string, meaning: string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return [heading, ...rows.map(([name, meaning]) => `  ${name.padEnd(width)}  ${meaning}`)].join('\n');
}

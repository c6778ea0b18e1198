import { primaryName } from '../../src/api/arguments/arguments.ts';
import { shown, usageLine } from '../../src/api/method/help.ts';
import { categories, type MethodHelp } from '../../src/api/method/method.ts';

/** The methods of full and light nodes, by name. */
export interface MethodTables {
  readonly full: ReadonlyMap<string, MethodHelp>;
  readonly light: ReadonlyMap<string, MethodHelp>;
}

/** Methods that Bitcoin Core does not have. */
export const pierMethods: ReadonlySet<string> = new Set([
  'exportpaymentproof',
  'getlightinfo',
  'getmessage',
  'getminerinfo',
  'getpaymentproof',
  'listaddresses',
  'setgenerate',
]);

/**
 * Methods of Bitcoin Core 30 that Pier does not have, by subject. Methods that Core hides, has deprecated, or
 * removed with its legacy wallet are left out.
 */
export const missingMethods: Readonly<Record<string, readonly string[]>> = {
  'partially signed transactions (PSBT)': [
    ...['analyzepsbt', 'combinepsbt', 'converttopsbt', 'createpsbt', 'decodepsbt', 'descriptorprocesspsbt'],
    ...['finalizepsbt', 'joinpsbts', 'psbtbumpfee', 'utxoupdatepsbt', 'walletcreatefundedpsbt', 'walletprocesspsbt'],
  ],
  'signing and funding raw transactions': [
    ...['combinerawtransaction', 'fundrawtransaction', 'signrawtransactionwithkey', 'signrawtransactionwithwallet'],
    'simulaterawtransaction',
  ],
  'signed messages': ['signmessage', 'signmessagewithprivkey', 'verifymessage'],
  'descriptors and multisig': [
    ...['createmultisig', 'createwalletdescriptor', 'deriveaddresses', 'getdescriptoractivity', 'getdescriptorinfo'],
    ...['gethdkeys', 'importdescriptors', 'listdescriptors'],
  ],
  'wallet encryption': ['encryptwallet', 'walletlock', 'walletpassphrase', 'walletpassphrasechange'],
  'wallet files': [
    ...['backupwallet', 'listwalletdir', 'loadwallet', 'migratewallet', 'restorewallet', 'setwalletflag'],
    'unloadwallet',
  ],
  'wallet payments': [...['bumpfee', 'listlockunspent', 'lockunspent', 'sendall', 'sendmany']],
  'wallet lists, labels and rescans': [
    ...['abortrescan', 'getaddressesbylabel', 'getreceivedbyaddress', 'getreceivedbylabel', 'importprunedfunds'],
    ...['keypoolrefill', 'listaddressgroupings', 'listlabels', 'listreceivedbyaddress', 'listreceivedbylabel'],
    ...['listsinceblock', 'removeprunedfunds', 'rescanblockchain', 'setlabel'],
  ],
  'external signers': ['enumeratesigners', 'walletdisplayaddress'],
  'snapshots, pruning and other chain states': [
    ...['dumptxoutset', 'getblockfrompeer', 'getchainstates', 'getchaintxstats', 'loadtxoutset', 'pruneblockchain'],
    'verifychain',
  ],
  'mempool and fees': [...['getprioritisedtransactions', 'gettxspendingprevout']],
  'diagnosis and notifications': ['getmemoryinfo', 'getzmqnotifications', 'logging'],
};

const INTRODUCTION = `<!-- Generated from the method definitions by \`npm run docs:rpc\`. Do not edit: change src/api/methods. -->

# RPC reference

A node answers JSON-RPC (1.0, 1.1 and 2.0, also in batches) over HTTP on port \`NODE_ID + 10000\`. Three ways to call it:

\`\`\`sh
NODE_ID=3000 pier rpc getblockcount
bitcoin-cli -rpcport=13000 -rpccookiefile=$HOME/.pier/regtest/.cookie_3000 getblockcount
curl --user "$(cat ~/.pier/regtest/.cookie_3000)" --data '{"id":1,"method":"getblockcount"}' http://127.0.0.1:13000/
\`\`\`

Calls about one wallet of several name the wallet in the path, \`/wallet/NAME\`: \`pier rpc --wallet NAME\`,
\`bitcoin-cli -rpcwallet=NAME\`. Arguments are given by position or by name.

Methods that Bitcoin Core has too take Core's arguments and give Core's results, error codes and messages. Where an argument is
accepted but has no effect, its entry says so. The end of this page lists
[the methods that only Pier has](#methods-that-only-pier-has) and
[the methods of Bitcoin Core that are missing](#methods-of-bitcoin-core-that-are-missing). \`pier rpc help METHOD\` prints an entry
of this page.

In the results, \`hash\` is 64 hex digits in reversed byte order, \`hex\` is bytes as hex digits, \`amount\` is bitcoins with eight
decimals, \`n\` is a number, and \`unixtime\` is seconds since 1970.`;

/** Returns the RPC reference (docs/rpc.md), generated from the method definitions. */
export function rpcReference({ full, light }: MethodTables): string {
  const names = [...new Set([...full.keys(), ...light.keys()])].sort();
  const helpOf = (name: string): MethodHelp => (full.get(name) ?? light.get(name))!;
  const kindsOf = (name: string): string =>
    full.has(name) ? (light.has(name) ? 'full and light nodes' : 'full nodes') : 'light nodes';

  const groups = categories
    .map((category) => ({ category, members: names.filter((name) => helpOf(name).category === category) }))
    .filter(({ members }) => members.length > 0);
  const contents = groups.map(({ category, members }) => `- ${category}: ${members.map(link).join(', ')}`);
  const sections = groups.flatMap(({ category, members }) => [
    `## ${category}`,
    ...members.map((name) => {
      const own = light.get(name);
      // A method that full and light nodes define separately has two descriptions.
      const differs = full.has(name) && own !== undefined && own !== full.get(name);
      return [
        entry(helpOf(name), kindsOf(name)),
        ...(differs ? [`On a light node: ${paragraph(own.description)}`, fence(own.result)] : []),
      ].join('\n\n');
    }),
  ]);
  const lacking = Object.entries(missingMethods).map(
    ([subject, list]) => `- ${subject}: ${list.map((name) => `\`${name}\``).join(', ')}`,
  );
  const only = names.filter((name) => pierMethods.has(name)).map(link);
  return [
    INTRODUCTION,
    ...[contents.join('\n'), ...sections],
    '## Methods that only Pier has',
    `${only.join(', ')}. \`createwallet\` also takes \`address_type\`, which Core does not have.`,
    '## Methods of Bitcoin Core that are missing',
    'A node answers `Method not found` (code -32601) to each of these:',
    `${lacking.join('\n')}\n`,
  ].join('\n\n');
}

function entry(method: MethodHelp, kinds: string): string {
  const { name, description, result, example } = method;
  const list = shown(method.arguments);
  return [
    `### ${name}`,
    fence(usageLine(method)),
    paragraph(description),
    ...(list.length === 0 ? [] : [argumentTable(list)]),
    `Result:`,
    fence(result),
    `Example: \`bitcoin-cli ${example === undefined ? name : `${name} ${example}`}\``,
    `Answered by ${kinds}.`,
  ].join('\n\n');
}

function argumentTable(list: MethodHelp['arguments']): string {
  const rows = list.map(({ name, type, required, defaultText, description }) => {
    const [first, ...aliases] = [primaryName(name), ...name.split('|').slice(1)].map((each) => `\`${each}\``);
    const called = aliases.length === 0 ? first : `${first} (or ${aliases.join(', ')})`;
    const fallback = required ? 'required' : defaultText === undefined || defaultText === '' ? '' : defaultText;
    return `| ${[called, type, fallback, description].map((cell) => cell!.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return ['| argument | type | default | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

/** Joins the lines of a description, which is wrapped for terminals. */
function paragraph(text: string): string {
  return text.replaceAll('\n', ' ');
}

function fence(text: string): string {
  return `\`\`\`\n${text}\n\`\`\``;
}

function link(name: string): string {
  return `[${name}](#${name})`;
}

import { z } from 'zod';
import { parseAmount } from '../../primitives/amount.ts';
import {
  engineNames,
  type LinkOptions,
  type NetworkOptions,
  type NodeOptions,
  nodeKinds,
  nodeRoles,
} from './network-options.ts';
import {
  AMOUNT,
  amount,
  because,
  conditions,
  conditionsSchema,
  faultsOf,
  list,
  object,
  oneOf,
  type Shape,
  text,
  whole,
} from './schema-parts.ts';
import { shapeNames } from './shapes.ts';
import { TopologyError } from './topology-error.ts';

/** Nodes of one network at most. */
export const MAX_NODES = 1_000;
/** Accounts at most: each needs keys of four types. */
const MAX_ACCOUNTS = 1_000;
/** Node names: also usable as file names. */
const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,31}$/;

/** Values of options that are absent. */
export const defaults = {
  nodes: 3,
  seed: 1,
  network: 'regtest',
  accounts: 10,
  /** The mnemonic that development tools of other chains use too. It is public: its coins are worth nothing. */
  mnemonic: 'test test test test test test test test test test test junk',
  balance: '50',
  engine: 'memory',
} as const;

/** The schema of the name of a new node. */
export const newName = z
  .string({ error: because('a name') })
  .regex(NAME, { error: because("a name: a letter, then up to 31 letters, digits, '_' or '-'") });

const node = object(
  {
    name: newName.optional().describe('default: node1, node2 and so on'),
    role: oneOf(nodeRoles).optional().describe('what it does; default: full'),
    kind: oneOf(nodeKinds)
      .optional()
      .describe('the program that it is; default: pier. A bitcoind needs engine `processes` and the network regtest'),
    path: text().optional().describe('where the bitcoind is; default: the environment variable BITCOIND, or PATH'),
    accounts: list(whole(0, MAX_ACCOUNTS - 1), 'a list of numbers of accounts')
      .max(MAX_ACCOUNTS, { error: because(`a list of at most ${MAX_ACCOUNTS} accounts`) })
      .optional()
      .describe('numbers of the accounts whose wallets it holds, from 0'),
    rpc: z
      .union([z.boolean(), whole(0, 65_535)], { error: because('true, false or a port') })
      .optional()
      .describe('whether it serves RPC over HTTP, on any free port or the one given'),
    p2p: z
      .union([z.boolean(), whole(0, 65_535)], { error: because('true, false or a port') })
      .optional()
      .describe(
        'whether it accepts peers of other programs, on any free port or the one given; in processes it always does',
      ),
  } satisfies Shape<NodeOptions>,
  'a node: an object with name, role, kind, path, accounts, rpc or p2p',
);

const between = because("a list of the names of two nodes, such as ['node1', 'node2']");
const link = object(
  {
    between: z
      .tuple([text(), text()], { error: between })
      .describe('names of the two nodes; the first opens the connection'),
    ...conditions,
  } satisfies Shape<LinkOptions>,
  'a link: an object with between, and latency, jitter, loss or bandwidth',
);

const listOfNodes = because(`a list of 1 to ${MAX_NODES} nodes`);
/** Bitcoins in a file, where a number would be a float. */
const fileAmount = z
  .string({ error: because("a text with bitcoins, such as '1.5'") })
  .regex(AMOUNT, { error: because("bitcoins, such as '1.5'") })
  .refine((given) => !AMOUNT.test(given) || parseAmount(given) !== undefined, {
    error: because('an amount of at most 21 million bitcoins'),
  });

const fileShape = {
  nodes: z
    .union(
      [
        whole(1, MAX_NODES),
        list(node, 'a list of nodes').min(1, { error: listOfNodes }).max(MAX_NODES, { error: listOfNodes }),
      ],
      { error: because('a number of nodes or a list of nodes') },
    )
    .optional()
    .describe('the nodes, or their number')
    .meta({ default: defaults.nodes }),
  shape: oneOf(shapeNames)
    .optional()
    .describe('which nodes are linked, unless `links` says it; default: mesh up to eight nodes, else random'),
  links: list(link, 'a list of links').optional().describe('the links between nodes'),
  conditions: conditionsSchema.optional().describe('how all links carry bytes, where `links` does not say otherwise'),
  seed: whole(0, 0xffff_ffff)
    .optional()
    .describe('seed of everything random: shape, losses, mining intervals')
    .meta({ default: defaults.seed }),
  network: text()
    .optional()
    .describe("a network's name, or the path of a network file; not a public one")
    .meta({ default: defaults.network }),
  accounts: whole(0, MAX_ACCOUNTS)
    .optional()
    .describe('number of accounts with coins')
    .meta({ default: defaults.accounts }),
  mnemonic: text().optional().describe('BIP39 mnemonic of the accounts').meta({ default: defaults.mnemonic }),
  balance: fileAmount
    .optional()
    .describe('bitcoins of each account at the start, as a decimal string')
    .meta({ default: defaults.balance }),
  engine: oneOf(engineNames)
    .optional()
    .describe('whether all nodes run in one process, or each in its own')
    .meta({ default: defaults.engine }),
  dataDir: text().optional().describe("folder of the nodes' files with engine `processes`; default: a temporary one"),
} satisfies Shape<NetworkOptions>;

const optionsSchema = object(
  {
    ...fileShape,
    balance: amount.optional(),
  } satisfies Shape<NetworkOptions>,
  'an object with the options of a network',
);

/** The content of a topology file: the options of `createNetwork`, as far as JSON can express them. */
export const topologyFileSchema = object(
  {
    $schema: z
      .string({ error: because('a text') })
      .optional()
      .describe('of this schema, for editors'),
    ...fileShape,
  },
  'an object with the options of a network',
).meta({ title: 'A network of Pier', description: 'What `createNetwork` and `pier up` create.' });

/** Returns the options of `createNetwork` in a value. Throws `TopologyError` with every fault. */
export function checkOptions(value: unknown): NetworkOptions {
  return parse(optionsSchema, value);
}

/** Returns the options of `createNetwork` in the content of a file. Throws `TopologyError` with every fault. */
export function checkFileContent(value: unknown): NetworkOptions {
  const { $schema: _schema, ...options } = parse(topologyFileSchema, value);
  return options;
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new TopologyError(result.error.issues.flatMap((issue) => faultsOf(issue)));
}

import { createRequire } from 'node:module';
import type { z as Zod } from 'zod';
import { fromHex, fromReversedHex } from '../bytes/hex.ts';
import { networkNames } from '../consensus/params.ts';
import { NO_TIMEOUT } from '../consensus/versionbits.ts';

/** Bytes of a genesis message that fit into the coinbase script (consensus limit: 100). */
const MAX_MESSAGE_BYTES = 91;
const UINT32 = 0xffff_ffff;

/** Builds the schema of a network file. zod (`z`) is slow to load and needed for files only. */
function buildSchema(z: typeof Zod) {
  const hex = (bytes: number, what: string) =>
    z
      .string()
      .regex(new RegExp(`^[0-9a-fA-F]{${2 * bytes}}$`), `must be ${2 * bytes} hex digits (${what})`)
      .transform((text) => text.toLowerCase());
  const count = (least: number, most = 0x7fff_ffff) => z.int().min(least).max(most);
  const byte = count(0, 255);
  const hash = (what: string) => hex(32, what).transform((text) => fromReversedHex(text));
  const number256 = hex(32, '256-bit number').transform((text) => BigInt(`0x${text}`));
  const uint32Hex = (what: string) => hex(4, what).transform((text) => Number.parseInt(text, 16));
  const bytes = z
    .string()
    .regex(/^([0-9a-fA-F]{2})*$/, 'must be an even number of hex digits')
    .transform((text) => fromHex(text.toLowerCase()));

  const bip9 = z
    .strictObject({
      bit: count(0, 28),
      /** Unix seconds. */
      startTime: count(0, UINT32),
      timeout: z
        .union([count(0, UINT32), z.literal('none')])
        .default('none')
        .transform((timeout) => (timeout === 'none' ? NO_TIMEOUT : timeout)),
      minActivationHeight: count(0).default(0),
      period: count(1),
      threshold: count(1),
    })
    .refine(({ period, threshold }) => threshold <= period, 'threshold must not exceed period');
  const deployment = z.union(
    [count(0).transform((height) => ({ height })), z.enum(['always', 'never']), bip9],
    'must be a height, "always", "never" or { bit, startTime, timeout, minActivationHeight, period, threshold }',
  );

  const genesis = z.strictObject({
    message: z
      .string()
      .refine(
        (text) => new TextEncoder().encode(text).length <= MAX_MESSAGE_BYTES,
        `must be at most ${MAX_MESSAGE_BYTES} bytes long`,
      )
      .optional(),
    publicKey: z
      .string()
      .regex(/^([0-9a-fA-F]{66}|[0-9a-fA-F]{130})$/, 'must be a public key, 66 or 130 hex digits')
      .optional(),
    time: count(0, UINT32),
    bits: uint32Hex('compact target'),
    nonce: count(0, UINT32).optional(),
    hash: hash('block hash').optional(),
    merkleRoot: hash('merkle root').optional(),
  });

  return z.strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'must be 1 to 32 lower-case letters, digits and hyphens')
      .refine((name) => !networkNames.some((known) => known === name), 'is the name of a public network'),
    /** For readers of the file. */
    description: z.string().optional(),
    extends: z.string(),
    magic: hex(4, 'message start bytes')
      .transform((text) => fromHex(text))
      .optional(),
    defaultPort: count(1, 65_535).optional(),
    seeds: z.array(z.string()).optional(),
    genesis: genesis.optional(),
    powLimit: number256.optional(),
    powTargetSpacing: count(1).optional(),
    powTargetTimespan: count(2).optional(),
    powAllowMinDifficultyBlocks: z.boolean().optional(),
    powNoRetargeting: z.boolean().optional(),
    enforceBip94: z.boolean().optional(),
    subsidyHalvingInterval: count(1).optional(),
    coinbaseMaturity: count(1).optional(),
    minimumChainWork: number256.optional(),
    deployments: z
      .strictObject({
        bip34: deployment,
        bip66: deployment,
        bip65: deployment,
        csv: deployment,
        segwit: deployment,
        testdummy: deployment,
        taproot: deployment,
      })
      .partial()
      .optional(),
    signetChallenge: bytes.nullable().optional(),
    address: z
      .strictObject({
        pubKeyHash: byte,
        scriptHash: byte,
        secretKey: byte,
        bech32Hrp: z
          .string()
          .regex(/^[a-z][a-z0-9]{0,29}$/, 'must be at most 30 lower-case letters and digits, a letter first'),
      })
      .refine(({ pubKeyHash, scriptHash }) => pubKeyHash !== scriptHash, 'pubKeyHash and scriptHash must differ')
      .optional(),
    bip32: z
      .strictObject({
        public: uint32Hex('version of extended public keys'),
        private: uint32Hex('version of extended private keys'),
      })
      .optional(),
  });
}

type Schema = ReturnType<typeof buildSchema>;

/** A validated network file with decoded values. */
export type NetworkFile = Zod.output<Schema>;

let schema: Schema | undefined;

/** Validates the content of a network file; returns it decoded, or one line for each fault. */
export function checkNetworkFile(content: unknown): { file: NetworkFile } | { faults: readonly string[] } {
  schema ??= buildSchema((createRequire(import.meta.url)('zod') as { z: typeof Zod }).z);
  const result = schema.safeParse(content);
  if (result.success) return { file: result.data };
  return {
    faults: result.error.issues.map(({ path, message }) =>
      path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`,
    ),
  };
}

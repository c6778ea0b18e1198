import { readFileSync } from 'node:fs';
import { equalBytes } from '../bytes/compare.ts';
import { toHex, toReversedHex } from '../bytes/hex.ts';
import { ByteWriter } from '../bytes/writer.ts';
import { genesisBlock } from '../consensus/genesis.ts';
import {
  type ChainParams,
  chainParams,
  type Deployment,
  type DeploymentName,
  deploymentNames,
} from '../consensus/params.ts';
import { checkProofOfWork, validTarget } from '../consensus/pow.ts';
import { ALWAYS_ACTIVE, NEVER_ACTIVE, NO_TIMEOUT } from '../consensus/versionbits.ts';
import { sha256, sha256d } from '../crypto/hash.ts';
import { parseEndpoint } from '../p2p/net/endpoint.ts';
import type { Block } from '../primitives/block.ts';
import { UsageError } from './composition/usage-error.ts';
import { checkNetworkFile, type NetworkFile } from './network-schema.ts';

/** Options for reading a network file. */
export interface ReadNetworkOptions {
  /** Returns the network that the file extends, by its name. Throws `UsageError`. */
  readonly resolveBase: (name: string) => ChainParams;
  /** Whether a genesis block without proof of work is accepted, as needed to mine it. */
  readonly unprovenGenesis?: boolean;
}

/**
 * Reads chain parameters from a network file: those of the network that it extends, with the members of the file
 * replaced. Throws `UsageError` 'bad-network-file', which lists every fault.
 */
export function readNetworkFile(path: string, options: ReadNetworkOptions): ChainParams {
  const fail = (faults: readonly string[]): never => {
    const list = faults.length === 1 ? ` ${faults[0]}` : faults.map((fault) => `\n  ${fault}`).join('');
    throw new UsageError('bad-network-file', `cannot use network file ${path}:${list}`, {
      hint: 'docs/networks.md describes the fields of the file.',
    });
  };
  const checked = checkNetworkFile(readJson(path, fail));
  if ('faults' in checked) return fail(checked.faults);
  const params = buildParams(checked.file, options.resolveBase(checked.file.extends));
  const faults = [...ruleFaults(params), ...genesisFaults(params, checked.file, options.unprovenGenesis ?? false)];
  return faults.length > 0 ? fail(faults) : params;
}

function readJson(path: string, fail: (faults: readonly string[]) => never): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return fail([code === 'ENOENT' ? 'the file does not exist' : message]);
  }
}

function buildParams(file: NetworkFile, base: ChainParams): ChainParams {
  const { name, genesis, deployments, signetChallenge } = file;
  // Parameters that depend on the blocks of the base network do not apply to another chain.
  const history = genesis
    ? {
        genesis: buildGenesis(genesis),
        minimumChainWork: 0n,
        chainTxData: chainParams('regtest').chainTxData,
        scriptFlagExceptions: new Map<string, number>(),
        bip30Exceptions: new Set<string>(),
      }
    : {};
  const params: ChainParams = {
    ...base,
    ...history,
    network: name,
    ...given(file, [
      ...(['magic', 'defaultPort', 'seeds', 'powLimit', 'powTargetSpacing', 'powTargetTimespan'] as const),
      ...(['powAllowMinDifficultyBlocks', 'powNoRetargeting', 'enforceBip94', 'subsidyHalvingInterval'] as const),
      ...(['coinbaseMaturity', 'minimumChainWork', 'address', 'bip32'] as const),
    ]),
    deployments: { ...base.deployments, ...buildDeployments(deployments) },
    ...(genesis || deployments?.bip34 !== undefined ? { bip34Hash: undefined } : {}),
    // A file that sets the activation of taproot must not have it enforced from genesis.
    ...(deployments?.taproot === undefined ? {} : { taprootFromGenesis: false }),
    ...(signetChallenge === undefined ? {} : signet(signetChallenge, file.magic)),
  };
  return { ...params, marker: `${name}#${fingerprint(params)}` };
}

/** Returns the members `names` that are set in the file. */
function given<K extends keyof NetworkFile>(file: NetworkFile, names: readonly K[]) {
  const entries = names.filter((name) => file[name] !== undefined).map((name) => [name, file[name]]);
  return Object.fromEntries(entries) as { [N in K]?: Exclude<NetworkFile[N], undefined> };
}

function buildGenesis({ message, publicKey, time, bits, nonce = 0 }: NonNullable<NetworkFile['genesis']>): Block {
  return genesisBlock({
    ...(message === undefined ? {} : { message }),
    ...(publicKey === undefined ? {} : { publicKey }),
    ...{ time, bits, nonce },
  });
}

function buildDeployments(given: NetworkFile['deployments'] = {}): Partial<Record<DeploymentName, Deployment>> {
  const deployments: Partial<Record<DeploymentName, Deployment>> = {};
  for (const name of deploymentNames) {
    const deployment = given[name];
    if (deployment === 'always') deployments[name] = { ...undated, startTime: ALWAYS_ACTIVE };
    else if (deployment === 'never') deployments[name] = { ...undated, startTime: NEVER_ACTIVE };
    else if (deployment !== undefined) deployments[name] = deployment;
  }
  return deployments;
}

/** BIP9 parameters that have no effect on a deployment without signalling. */
const undated = { bit: 0, timeout: NO_TIMEOUT, minActivationHeight: 0, period: 1, threshold: 1 } as const;

/** Returns the parameters of a signet, whose default magic is derived from its challenge (BIP325). */
function signet(challenge: Uint8Array | null, magic: Uint8Array | undefined): Partial<ChainParams> {
  if (challenge === null) return { signetChallenge: undefined };
  const hash = sha256d(new ByteWriter().varBytes(challenge).finish());
  return { signetChallenge: challenge, magic: magic ?? hash.slice(0, 4) };
}

/** Lists faults that the schema cannot detect: contradictions between members, and invalid seeds. */
function ruleFaults({ powTargetSpacing: spacing, powTargetTimespan: timespan, seeds }: ChainParams): string[] {
  const faults: string[] = [];
  if (timespan % spacing !== 0 || timespan < 2 * spacing) {
    faults.push(
      `powTargetTimespan: ${timespan} s is not a multiple of powTargetSpacing, ${spacing} s, or only one block`,
    );
  }
  for (const [i, seed] of seeds.entries()) {
    try {
      parseEndpoint(seed);
    } catch (error) {
      faults.push(`seeds.${i}: ${(error as Error).message}`);
    }
  }
  return faults;
}

function genesisFaults(params: ChainParams, { genesis: stated }: NetworkFile, unproven: boolean): string[] {
  const { header, hash } = params.genesis;
  const faults: string[] = [];
  const bits = header.bits.toString(16).padStart(8, '0');
  const target = validTarget(header.bits, params);
  if (target === undefined) {
    const limit = params.powLimit.toString(16).padStart(64, '0');
    faults.push(`genesis.bits: ${bits} is not a valid target, or is easier than powLimit, ${limit}`);
  }
  if (unproven) return faults;
  const help = "run 'pier minegenesis FILE'";
  if (stated) {
    const { nonce, hash: statedHash, merkleRoot } = stated;
    for (const [name, value] of Object.entries({ nonce, hash: statedHash, merkleRoot })) {
      if (value === undefined) faults.push(`genesis.${name}: missing; ${help}`);
    }
    if (merkleRoot && !equalBytes(merkleRoot, header.merkleRoot)) {
      const actual = toReversedHex(header.merkleRoot);
      faults.push(`genesis.merkleRoot: message and publicKey yield ${actual}, not ${toReversedHex(merkleRoot)}`);
    }
    if (statedHash && !equalBytes(statedHash, hash)) {
      faults.push(`genesis.hash: the other members yield ${toReversedHex(hash)}, not ${toReversedHex(statedHash)}`);
    }
  }
  if (faults.length === 0 && !checkProofOfWork(hash, header.bits, params)) {
    const required = target!.toString(16).padStart(64, '0');
    faults.push(`genesis.nonce: hash ${toReversedHex(hash)} is above target ${required} of bits ${bits}; ${help}`);
  }
  return faults;
}

/** Returns eight hex digits that differ between networks whose nodes or wallets cannot share files. */
function fingerprint(params: ChainParams): string {
  const { genesis, deployments, address, bip32 } = params;
  const text = (value: unknown): string => {
    if (value instanceof Uint8Array) return toHex(value);
    return typeof value === 'bigint' ? value.toString(16) : String(value);
  };
  const rules = [
    ...[params.network, params.magic, genesis.hash, params.powLimit, params.powTargetSpacing, params.powTargetTimespan],
    ...[params.powAllowMinDifficultyBlocks, params.powNoRetargeting, params.enforceBip94, params.taprootFromGenesis],
    ...[params.subsidyHalvingInterval, params.coinbaseMaturity, params.signetChallenge],
    ...deploymentNames.flatMap((name) => Object.entries(deployments[name]).sort().flat()),
    ...[address.pubKeyHash, address.scriptHash, address.secretKey, address.bech32Hrp, bip32.public, bip32.private],
  ];
  return toHex(sha256(new TextEncoder().encode(rules.map(text).join('\n')))).slice(0, 8);
}

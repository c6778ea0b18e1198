import { z } from 'zod';
import { equalBytes } from '../../../bytes/compare.ts';
import { fromHex } from '../../../bytes/hex.ts';
import type { Chain } from '../../../chain/chain.ts';
import { createBlockTemplate } from '../../../mining/block-template.ts';
import { Block } from '../../../primitives/block.ts';
import { Op } from '../../../script/opcodes.ts';
import { hashSchema, objectArgument } from '../../arguments/arguments.ts';
import { templateJson } from '../../format/template-json.ts';
import { jsonTypeName } from '../../json/json.ts';
import { RpcCode, RpcError } from '../../json/rpc-error.ts';
import { type Method, method, type RpcContext } from '../../method/method.ts';

/** The template's coinbase, of which miners make their own, pays to whoever comes first. */
const ANYONE = Uint8Array.of(Op.OP_1);

/** How long Core lets a long poll wait before it looks at the mempool, the first time and from then on. */
const FIRST_LOOK_MS = 60_000;
const NEXT_LOOK_MS = 10_000;

type TemplateRequest = Readonly<Record<string, unknown>>;

export const blockTemplateMethods: readonly Method[] = [
  method({
    name: 'getblocktemplate',
    category: 'Mining',
    description:
      'What a miner needs to make a block (BIP22, BIP23, BIP9, BIP145). With "longpollid" from an earlier answer it waits\n' +
      'for a new tip or, after a minute, other transactions. With mode "proposal" it tells whether a block would be valid,\n' +
      'were it mined: null, or why not.',
    arguments: [
      objectArgument(
        'template_request',
        z.record(z.string(), z.unknown()),
        'What is asked for: "rules" must hold "segwit"; "mode" is "template" or, with the block in "data", "proposal".',
        '{"mode":"str","capabilities":["str",...],"rules":["segwit","str",...],"longpollid":"str","data":"hex"}',
      ),
    ],
    result:
      '{ "capabilities": ["proposal"], "version": n, "rules": [name, ...], "vbavailable": { name: bit }, "vbrequired": 0,\n' +
      '  "previousblockhash": hash, "transactions": [{ "data": hex, "txid": hash, "hash": hash, "depends": [n, ...],\n' +
      '  "fee": satoshis, "sigops": n, "weight": n }, ...], "coinbaseaux": {}, "coinbasevalue": satoshis,\n' +
      '  "longpollid": id, "target": hex, "mintime": unixtime, "mutable": [...], "noncerange": hex, "sigoplimit": n,\n' +
      '  "sizelimit": n, "weightlimit": n, "curtime": unixtime, "bits": hex, "height": n,\n' +
      '  "signet_challenge": hex (signet), "default_witness_commitment": hex }, or null or text for a proposal',
    example: '\'{"rules": ["segwit"]}\'',
    handler: async (context, request) => {
      const mode = request.mode ?? 'template';
      if (mode === 'proposal') return judgeProposal(context.node.chain, request.data);
      const rules = clientRules(request);
      if (mode !== 'template') throw new RpcError(RpcCode.INVALID_PARAMETER, 'Invalid mode');
      requireConnection(context);
      if (request.longpollid !== undefined && request.longpollid !== null) {
        await awaitChange(context, request.longpollid);
      }
      requireRules(context, rules);

      const { chain, mempool, clock, params } = context.node;
      const longPollId = `${chain.tip.hashHex}${mempool.updateCount}`;
      return templateJson(createBlockTemplate(chain, mempool, ANYONE, { clock }), chain.tip, params, longPollId);
    },
  }),
];

/** BIP23: what becomes of the block if it is mined; null if it becomes the tip. */
function judgeProposal(chain: Chain, data: unknown): string | null {
  if (typeof data !== 'string') throw new RpcError(RpcCode.TYPE_ERROR, 'Missing data String key for proposal');
  const block = decodeBlock(data);
  const known = chain.getIndex(block.hash);
  if (known) {
    if (known.failed) return 'duplicate-invalid';
    return known.hasUndo ? 'duplicate' : 'duplicate-inconclusive';
  }
  return chain.checkBlockTemplate(block, { merkleRoot: true })?.reason ?? null;
}

function decodeBlock(hex: string): Block {
  try {
    return Block.decode(fromHex(hex));
  } catch (error) {
    throw new RpcError(RpcCode.DESERIALIZATION_ERROR, 'Block decode failed', { cause: error });
  }
}

/** The rules that the client says it keeps. */
function clientRules({ rules }: TemplateRequest): ReadonlySet<string> {
  const names = new Set<string>();
  if (!Array.isArray(rules)) return names;
  for (const rule of rules as unknown[]) {
    if (typeof rule !== 'string') {
      const message = `JSON value of type ${jsonTypeName(rule)} is not of expected type string`;
      throw new RpcError(RpcCode.TYPE_ERROR, message);
    }
    names.add(rule);
  }
  return names;
}

/** On mainnet nobody should mine on a chain that the network has left behind. */
function requireConnection({ node: { params, connections: peers, chain } }: RpcContext): void {
  if (params.network !== 'main') return;
  if (peers.peers().length === 0) throw new RpcError(RpcCode.CLIENT_NOT_CONNECTED, 'Pier is not connected!');
  if (chain.isInitialBlockDownload) {
    const message = 'Pier is in initial sync and waiting for blocks...';
    throw new RpcError(RpcCode.CLIENT_IN_INITIAL_DOWNLOAD, message);
  }
}

function requireRules({ node: { params } }: RpcContext, rules: ReadonlySet<string>): void {
  const refuse = (rule: string, all: string) => {
    const message = `getblocktemplate must be called with the ${rule} rule set (call with {"rules": ${all}})`;
    throw new RpcError(RpcCode.INVALID_PARAMETER, message);
  };
  if (params.signetChallenge && !rules.has('signet')) refuse('signet', '["segwit", "signet"]');
  if (!rules.has('segwit')) refuse('segwit', '["segwit"]');
}

/** Waits until the tip is not that of an earlier answer or, later, the mempool has changed since (BIP22). */
async function awaitChange({ node: { chain, mempool, clock }, closing }: RpcContext, id: unknown): Promise<void> {
  const { hash, updateCount } = parseLongPollId(id) ?? { hash: chain.tip.hash, updateCount: mempool.updateCount };
  await new Promise<void>((resolve) => {
    const end = () => {
      unsubscribe();
      timer?.cancel();
      closing.removeEventListener('abort', end);
      resolve();
    };
    const endOnNewTip = () => {
      if (!equalBytes(chain.tip.hash, hash)) end();
    };
    const unsubscribe = chain.events.on('tip', endOnNewTip);
    const look = () => {
      if (mempool.updateCount === updateCount) timer = clock.after(NEXT_LOOK_MS, look);
      else end();
    };
    let timer = clock.after(FIRST_LOOK_MS, look);
    closing.addEventListener('abort', end);
    endOnNewTip();
    if (closing.aborted) end();
  });
  if (closing.aborted) throw new RpcError(RpcCode.CLIENT_NOT_CONNECTED, 'Shutting down');
}

/** The tip's hash and the mempool's count of an answer; undefined for what is no text. */
function parseLongPollId(id: unknown): { hash: Uint8Array; updateCount: number } | undefined {
  if (typeof id !== 'string') return undefined;
  const result = hashSchema('longpollid').safeParse(id.slice(0, 64));
  if (!result.success) throw new RpcError(RpcCode.INVALID_PARAMETER, result.error.issues[0]!.message);
  return { hash: result.data, updateCount: Number.parseInt(id.slice(64), 10) || 0 };
}

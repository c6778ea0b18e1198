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

/** Output script of the template's coinbase, OP_TRUE as in Core; miners replace the coinbase. */
const ANYONE = Uint8Array.of(Op.OP_1);

/** Milliseconds until a long poll first checks the mempool for changes, and between later checks, as in Core. */
const FIRST_CHECK_MS = 60_000;
const NEXT_CHECK_MS = 10_000;

type TemplateRequest = Readonly<Record<string, unknown>>;

/** The method getblocktemplate. */
export const blockTemplateMethods: readonly Method[] = [
  method({
    name: 'getblocktemplate',
    category: 'Mining',
    description:
      'Returns the data needed to construct a block to work on (BIP22, BIP23, BIP9, BIP145). With the "longpollid" of an\n' +
      'earlier template, it waits for a new tip or, after a minute, for a change of the mempool. Mode "proposal" validates a\n' +
      'block without its proof of work and returns null or the reject reason.',
    arguments: [
      objectArgument(
        'template_request',
        z.record(z.string(), z.unknown()),
        'The request: "rules" must include "segwit"; "mode" is "template" or "proposal", with the block in "data".',
        '{"mode":"str","capabilities":["str",...],"rules":["segwit","str",...],"longpollid":"str","data":"hex"}',
      ),
    ],
    result:
      '{ "capabilities": ["proposal"], "version": n, "rules": [name, ...], "vbavailable": { name: bit }, "vbrequired": 0,\n' +
      '  "previousblockhash": hash, "transactions": [{ "data": hex, "txid": hash, "hash": hash, "depends": [n, ...],\n' +
      '  "fee": satoshis, "sigops": n, "weight": n }, ...], "coinbaseaux": {}, "coinbasevalue": satoshis,\n' +
      '  "longpollid": id, "target": hex, "mintime": unixtime, "mutable": [...], "noncerange": hex, "sigoplimit": n,\n' +
      '  "sizelimit": n, "weightlimit": n, "curtime": unixtime, "bits": hex, "height": n,\n' +
      '  "signet_challenge": hex (only on signet), "default_witness_commitment": hex }, or for a proposal null or "reason"',
    example: '\'{"rules": ["segwit"]}\'',
    handler: async (context, request) => {
      const mode = request.mode ?? 'template';
      if (mode === 'proposal') return checkProposal(context.node.chain, request.data);
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

/** Validates a proposed block, except its proof of work; returns null or the reject reason (BIP23). */
function checkProposal(chain: Chain, data: unknown): string | null {
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

/** Returns the rules that the client supports. */
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

/** Throws `RpcError` on mainnet without peers or during initial block download: mining would extend a stale chain. */
function requireConnection({ node: { params, connections: peers, chain } }: RpcContext): void {
  if (params.network !== 'main') return;
  if (peers.peers().length === 0) throw new RpcError(RpcCode.CLIENT_NOT_CONNECTED, 'Pier is not connected!');
  if (chain.isInitialBlockDownload) {
    const message = 'Pier is in initial sync and waiting for blocks...';
    throw new RpcError(RpcCode.CLIENT_IN_INITIAL_DOWNLOAD, message);
  }
}

/** Throws `RpcError` if the client lacks support for segwit or, on a signet, for signet. */
function requireRules({ node: { params } }: RpcContext, rules: ReadonlySet<string>): void {
  const refuse = (rule: string, all: string) => {
    const message = `getblocktemplate must be called with the ${rule} rule set (call with {"rules": ${all}})`;
    throw new RpcError(RpcCode.INVALID_PARAMETER, message);
  };
  if (params.signetChallenge && !rules.has('signet')) refuse('signet', '["segwit", "signet"]');
  if (!rules.has('segwit')) refuse('segwit', '["segwit"]');
}

/** Waits for a tip other than that of the long poll id or, after a minute, for a change of the mempool (BIP22). */
async function awaitChange(context: RpcContext, id: unknown): Promise<void> {
  const { chain, mempool, clock } = context.node;
  const { hash, updateCount } = parseLongPollId(id) ?? { hash: chain.tip.hash, updateCount: mempool.updateCount };
  const isNewTip = () => !equalBytes(chain.tip.hash, hash);
  if (!isNewTip()) {
    await context.call.wait((end) => {
      const unsubscribe = chain.events.on('tip', () => {
        if (isNewTip()) end();
      });
      const checkMempool = () => {
        if (mempool.updateCount === updateCount) timer = clock.after(NEXT_CHECK_MS, checkMempool);
        else end();
      };
      let timer = clock.after(FIRST_CHECK_MS, checkMempool);
      const unsubscribeNode = context.onNodeReplaced(end);
      return () => {
        unsubscribe();
        unsubscribeNode();
        timer.cancel();
      };
    });
  }
  if (context.call.signal.aborted) throw new RpcError(RpcCode.CLIENT_NOT_CONNECTED, 'Shutting down');
}

/** Splits a long poll id into tip hash and mempool update count; undefined if it is not a string. */
function parseLongPollId(id: unknown): { hash: Uint8Array; updateCount: number } | undefined {
  if (typeof id !== 'string') return undefined;
  const result = hashSchema('longpollid').safeParse(id.slice(0, 64));
  if (!result.success) throw new RpcError(RpcCode.INVALID_PARAMETER, result.error.issues[0]!.message);
  return { hash: result.data, updateCount: Number.parseInt(id.slice(64), 10) || 0 };
}

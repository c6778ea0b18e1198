import { hex32 } from '../api/format/block-json.ts';
import { verificationProgress } from '../api/methods/blockchain/verification-progress.ts';
import type { RunningFullNode } from '../node/composition/running-full-node.ts';
import { unixSeconds } from '../platform/clock.ts';
import type { DebugLog } from './debug-log.ts';

/** Writes what happens in a node to its log, in the lines by which programs know it (Core: debug.log). */
export function writeCoreLines(
  node: RunningFullNode,
  log: DebugLog,
  categories: { has(category: string): boolean },
): void {
  const { chain, connections, params, clock } = node;
  chain.events.on('tip', ({ tip }) => {
    const progress = verificationProgress(tip, chain.bestHeader.height, params, unixSeconds(clock));
    log.line(
      [
        `UpdateTip: new best=${tip.hashHex} height=${tip.height}`,
        `version=0x${hex32(tip.version)}`,
        `log2_work=${log2(tip.chainwork).toFixed(6)} tx=${tip.chainTxCount}`,
        `date='${new Date(tip.time * 1_000).toISOString().slice(0, 19)}Z' progress=${progress.toFixed(6)}`,
      ].join(' '),
    );
  });
  connections.events.on('ready', ({ peer }) => {
    const { version, startHeight } = peer.handshake.remote!;
    const kind = peer.inbound ? 'inbound' : peer.type;
    const text = `New ${kind} ${peer.transportVersion} peer connected: version: ${version}, blocks=${startHeight}, peer=${peer.id}`;
    if (!peer.inbound) log.line(text);
    else if (categories.has('net')) log.line(`[net] ${text}`);
  });
}

/** Returns the logarithm of work to base 2. */
function log2(work: bigint): number {
  const bits = work.toString(2).length;
  const shift = Math.max(0, bits - 53);
  return Math.log2(Number(work >> BigInt(shift))) + shift;
}

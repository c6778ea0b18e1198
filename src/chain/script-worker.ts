import { parentPort } from 'node:worker_threads';
import { decodeRanges, type ScriptFailure, verifyRanges } from './script-check.ts';

/** What a worker is asked: whether the scripts of encoded ranges are valid with `flags`. */
export interface ScriptJob {
  readonly ranges: Uint8Array;
  readonly flags: number;
}

/** What it answers; undefined: they are. Its first message, of this type too, says that it has started. */
export type ScriptReply = ScriptFailure | undefined;

parentPort?.on('message', ({ ranges, flags }: ScriptJob) => {
  parentPort?.postMessage(verifyRanges(decodeRanges(ranges), flags) satisfies ScriptReply);
});
parentPort?.postMessage(undefined satisfies ScriptReply);

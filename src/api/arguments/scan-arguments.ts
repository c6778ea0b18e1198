import { z } from 'zod';
import { RpcCode, RpcError } from '../json/rpc-error.ts';
import { arrayArgument, optional, wordArgument } from './arguments.ts';

/** The arguments `action` and `scanobjects` of scantxoutset and scanblocks. */
export const scanArguments = [
  wordArgument(
    'action',
    ['start', 'abort', 'status'],
    'The action to execute: start, abort or status. Scans finish within their call, so abort returns false and status null.',
    (word) => new RpcError(RpcCode.INVALID_PARAMETER, `Invalid action '${word}'`),
  ),
  optional(
    arrayArgument(
      'scanobjects',
      z.union([z.string(), z.object({ desc: z.string() }).transform(({ desc }) => desc)]),
      'Output descriptors, or objects whose member "desc" is one. Required for action start.',
      '[scanobjects,...]',
    ),
  ),
] as const;

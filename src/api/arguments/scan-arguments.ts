import { z } from 'zod';
import { RpcCode, RpcError } from '../json/rpc-error.ts';
import { arrayArgument, optional, wordArgument } from './arguments.ts';

/** The arguments that scantxoutset and scanblocks have in common: what to do, and for which descriptors. */
export const scanArguments = [
  wordArgument(
    'action',
    ['start', 'abort', 'status'],
    'start, abort or status.',
    (word) => new RpcError(RpcCode.INVALID_PARAMETER, `Invalid action '${word}'`),
  ),
  optional(
    arrayArgument(
      'scanobjects',
      z.union([z.string(), z.object({ desc: z.string() }).transform(({ desc }) => desc)]),
      'Descriptors, or objects with a member "desc"; required for start.',
      '[scanobjects,...]',
    ),
  ),
] as const;

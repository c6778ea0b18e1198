import { equalBytes } from '../../../bytes/compare.ts';
import type { BlockIndex } from '../../../chain/tree/block-index.ts';
import { type Argument, hashArgument, integerArgument, optional } from '../../arguments/arguments.ts';
import type { JsonObject } from '../../json/json.ts';
import { RpcCode, RpcError } from '../../json/rpc-error.ts';
import { type Method, method, type RpcContext } from '../../method/method.ts';

const RESULT = '{ "hash": hash, "height": n }   of the tip then';

const timeoutArgument: Argument<number> = optional(
  integerArgument('timeout', 'Milliseconds to wait at the most; 0 for no limit.'),
  0,
);

/** Methods that answer when the tip is what was waited for, when the time is over, or when the node stops. */
export const waitMethods: readonly Method[] = [
  method({
    name: 'waitfornewblock',
    category: 'Blockchain',
    description: 'Waits until the tip is another one.',
    arguments: [
      timeoutArgument,
      optional(hashArgument('current_tip', 'The tip from which it must differ.'), undefined, 'the tip at the call'),
    ],
    result: RESULT,
    handler: (context, timeout, current) => {
      const from = current ?? context.node.chain.tip.hash;
      return waitForTip(context, timeout, (tip) => !equalBytes(tip.hash, from));
    },
  }),
  method({
    name: 'waitforblock',
    category: 'Blockchain',
    description: 'Waits until a given block is the tip.',
    arguments: [hashArgument('blockhash', 'The block to wait for.'), timeoutArgument],
    result: RESULT,
    example: '"blockhash" 1000',
    handler: (context, hash, timeout) => waitForTip(context, timeout, (tip) => equalBytes(tip.hash, hash)),
  }),
  method({
    name: 'waitforblockheight',
    category: 'Blockchain',
    description: 'Waits until the tip has at least a given height.',
    arguments: [integerArgument('height', 'The height to wait for.'), timeoutArgument],
    result: RESULT,
    example: '100 1000',
    handler: (context, height, timeout) => waitForTip(context, timeout, (tip) => tip.height >= height),
  }),
];

function waitForTip(
  { node: { chain, clock }, closing }: RpcContext,
  timeout: number,
  isReached: (tip: BlockIndex) => boolean,
): Promise<JsonObject> {
  if (timeout < 0) throw new RpcError(RpcCode.MISC_ERROR, 'Negative timeout');
  return new Promise((resolve) => {
    const end = () => {
      unsubscribe();
      timer?.cancel();
      closing.removeEventListener('abort', end);
      resolve({ hash: chain.tip.hashHex, height: chain.tip.height });
    };
    const unsubscribe = chain.events.on('tip', ({ tip }) => {
      if (isReached(tip)) end();
    });
    const timer = timeout > 0 ? clock.after(timeout, end) : undefined;
    closing.addEventListener('abort', end);
    if (isReached(chain.tip) || closing.aborted) end();
  });
}

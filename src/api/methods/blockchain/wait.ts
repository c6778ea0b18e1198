import { equalBytes } from '../../../bytes/compare.ts';
import type { BlockIndex } from '../../../chain/tree/block-index.ts';
import { type Argument, hashArgument, integerArgument, optional } from '../../arguments/arguments.ts';
import type { JsonObject } from '../../json/json.ts';
import { RpcCode, RpcError } from '../../json/rpc-error.ts';
import { type Method, method, type RpcContext } from '../../method/method.ts';

const RESULT = '{ "hash": hash, "height": n }';

const timeoutArgument: Argument<number> = optional(
  integerArgument('timeout', 'Milliseconds to wait; 0 for no timeout.'),
  0,
);

/** Methods that wait for a tip; they return the current tip when it is reached, on timeout and on shutdown. */
export const waitMethods: readonly Method[] = [
  method({
    name: 'waitfornewblock',
    category: 'Blockchain',
    description: 'Waits for a new tip. Returns the current tip then, on timeout or on shutdown.',
    arguments: [
      timeoutArgument,
      optional(
        hashArgument('current_tip', 'The hash that the tip must differ from.'),
        undefined,
        'the tip at the time of the call',
      ),
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
    description: 'Waits until a block is the tip. Returns the current tip then, on timeout or on shutdown.',
    arguments: [hashArgument('blockhash', 'The hash of the block to wait for.'), timeoutArgument],
    result: RESULT,
    example: '"blockhash" 1000',
    handler: (context, hash, timeout) => waitForTip(context, timeout, (tip) => equalBytes(tip.hash, hash)),
  }),
  method({
    name: 'waitforblockheight',
    category: 'Blockchain',
    description: 'Waits until the tip has at least a height. Returns the current tip then, on timeout or on shutdown.',
    arguments: [integerArgument('height', 'The height to wait for.'), timeoutArgument],
    result: RESULT,
    example: '100 1000',
    handler: (context, height, timeout) => waitForTip(context, timeout, (tip) => tip.height >= height),
  }),
];

async function waitForTip(
  context: RpcContext,
  timeout: number,
  isReached: (tip: BlockIndex) => boolean,
): Promise<JsonObject> {
  if (timeout < 0) throw new RpcError(RpcCode.MISC_ERROR, 'Negative timeout');
  const { clock } = context.node;
  const deadline = timeout > 0 ? clock.monotonic() + timeout : undefined;
  let node: RpcContext['node'] | undefined;
  // A node that takes the place of another one has a tip as well.
  while (node !== context.node && !isReached(context.node.chain.tip)) {
    node = context.node;
    const { events } = node.chain;
    const subscribe = (end: () => void) => {
      const subscriptions = [
        events.on('tip', ({ tip }) => {
          if (isReached(tip)) end();
        }),
        context.onNodeReplaced(end),
      ];
      return () => {
        for (const unsubscribe of subscriptions) unsubscribe();
      };
    };
    await context.call.wait(subscribe, deadline === undefined ? undefined : Math.max(1, deadline - clock.monotonic()));
    // It ends at once from now on.
    if (context.call.signal.aborted) break;
  }
  const { hashHex, height } = context.node.chain.tip;
  return { hash: hashHex, height };
}

import { hashArgument } from '../../arguments/arguments.ts';
import { findBlock } from '../../arguments/find-block.ts';
import { type Method, method } from '../../method/method.ts';

/** Methods that override the choice of the active chain. */
export const chainControlMethods: readonly Method[] = [
  method({
    name: 'invalidateblock',
    category: 'Blockchain',
    description: 'Marks a block as invalid, as if it violated a consensus rule, and with it all of its descendants.',
    arguments: [hashArgument('blockhash', 'The hash of the block to mark as invalid.')],
    result: 'null',
    example: '"blockhash"',
    handler: async ({ node: { chain } }, hash) => {
      await chain.invalidateBlock(findBlock(chain, hash));
      return null;
    },
  }),
  method({
    name: 'reconsiderblock',
    category: 'Blockchain',
    description:
      'Removes the invalid status of a block, its ancestors and its descendants, and reconsiders them for activation. This\n' +
      'undoes invalidateblock.',
    arguments: [hashArgument('blockhash', 'The hash of the block to reconsider.')],
    result: 'null',
    example: '"blockhash"',
    handler: async ({ node: { chain } }, hash) => {
      await chain.reconsiderBlock(findBlock(chain, hash));
      return null;
    },
  }),
  method({
    name: 'preciousblock',
    category: 'Blockchain',
    description: 'Treats a block as if it were received before others with the same work.',
    arguments: [hashArgument('blockhash', 'The hash of the block to mark as precious.')],
    result: 'null',
    example: '"blockhash"',
    handler: async ({ node: { chain } }, hash) => {
      await chain.preciousBlock(findBlock(chain, hash));
      return null;
    },
  }),
];

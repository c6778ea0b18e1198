import { hashArgument } from '../../arguments/arguments.ts';
import { findBlock } from '../../arguments/find-block.ts';
import { type Method, method } from '../../method/method.ts';

/** Methods that bend the choice of the active chain. */
export const chainControlMethods: readonly Method[] = [
  method({
    name: 'invalidateblock',
    category: 'Blockchain',
    description: 'Marks a block, and so all that build on it, as invalid; the active chain is chosen anew.',
    arguments: [hashArgument('blockhash', 'The block to mark.')],
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
    description: 'Takes back invalidateblock: removes the mark from a block, its ancestors and its descendants.',
    arguments: [hashArgument('blockhash', 'The block to reconsider.')],
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
    description: 'Treats a block as if it had come before the others of the same work.',
    arguments: [hashArgument('blockhash', 'The block to prefer.')],
    result: 'null',
    example: '"blockhash"',
    handler: async ({ node: { chain } }, hash) => {
      await chain.preciousBlock(findBlock(chain, hash));
      return null;
    },
  }),
];

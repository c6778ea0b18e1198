import { debugOnly, option, refused } from './define.ts';

const FIXED = "templates have Core's defaults";

/** Core's `Block creation options`. */
export const miningOptions = [
  option('blockmaxweight=<n>', 'The highest weight of a block', refused(FIXED)),
  option('blockmintxfee=<amt>', 'The least fee rate of a transaction in a block', refused(FIXED)),
  option('blockreservedweight=<n>', 'The weight of a block that is left free', refused(FIXED)),
  option('blockversion=<n>', 'The version of blocks', { ...debugOnly, ...refused(FIXED) }),
];

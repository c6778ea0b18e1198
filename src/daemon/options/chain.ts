import { debugOnly, option, refused } from './define.ts';

/** Core's `Chain selection options`. */
export const chainOptions = [
  option('chain=<chain>', 'The network: main, test, testnet4, signet or regtest (default: main)'),
  option('regtest', 'The network regtest'),
  option('signet', 'The network signet'),
  option('signetchallenge', 'The challenge of a signet of its own', {
    ...refused('a network file describes a signet of its own: pier startnode --network FILE'),
    isNeverNegated: true,
  }),
  option('signetseednode', 'A node of a signet', {
    ...refused('the node learns addresses from the nodes of -addnode and -connect'),
    isNeverNegated: true,
  }),
  option('testnet', 'The network testnet3'),
  option('testnet4', 'The network testnet4'),
  option('vbparams=deployment:start:end[:min_activation_height]', 'The times of a deployment on regtest', {
    ...debugOnly,
    ...refused('a network file sets times: pier startnode --network FILE'),
  }),
];

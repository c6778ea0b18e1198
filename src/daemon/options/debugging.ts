import { debugOnly, ignored, option, refused } from './define.ts';

const NO_CHECKS = 'the store checks itself when it is opened';
const FORMAT = 'lines have one format';

/** Core's `Debugging/Testing options`. */
export const debuggingOptions = [
  option('capturemessages', 'Write all messages of peers to files', {
    ...debugOnly,
    ...refused('messages are not written to files', '0'),
  }),
  option('checkaddrman=<n>', 'Check the address manager', { ...debugOnly, ...ignored(NO_CHECKS) }),
  option('checkblockindex', 'Check the block index', { ...debugOnly, ...ignored(NO_CHECKS) }),
  option('checkblocks=<n>', 'Blocks to check at the start', { ...debugOnly, ...ignored(NO_CHECKS) }),
  option('checklevel=<n>', 'How thoroughly to check blocks at the start', { ...debugOnly, ...ignored(NO_CHECKS) }),
  option('checkmempool=<n>', 'Check the mempool', { ...debugOnly, ...ignored(NO_CHECKS) }),
  option('checkpoints', 'Refuse forks below checkpoints', { ...debugOnly, ...ignored('there are none') }),
  option('debug=<category>', 'Write the messages of a category to the log (1 or all: each; none: none)'),
  option('debugexclude=<category>', 'Do not write the messages of a category to the log'),
  option('deprecatedrpc=<method>', 'Allow a deprecated method', {
    ...debugOnly,
    ...ignored('what is deprecated in Core is as in Core without this option'),
  }),
  option('fastprune', 'Small files of blocks', { ...debugOnly, ...ignored('the node keeps all blocks') }),
  option('help-debug', 'Print the options of tests and diagnosis too, and exit'),
  option('limitancestorcount=<n>', 'Transactions of a chain of unconfirmed ancestors at most (default: 25)', debugOnly),
  option('limitancestorsize=<n>', 'Kilobytes of a chain of unconfirmed ancestors at most (default: 101)', debugOnly),
  option('limitdescendantcount=<n>', 'Unconfirmed descendants of a transaction at most (default: 25)', debugOnly),
  option('limitdescendantsize=<n>', 'Kilobytes of unconfirmed descendants at most (default: 101)', debugOnly),
  option('logips', 'Write addresses of peers to the log', ignored('they are in the log')),
  option('loglevel=<level>|<category>:<level>', 'The level of the log', {
    ...debugOnly,
    ...ignored(FORMAT),
    isNeverNegated: true,
    needsValue: true,
  }),
  option('loglevelalways', 'Write levels in each line', { ...debugOnly, ...ignored(FORMAT) }),
  option('logratelimit', 'Limit the log', {
    ...debugOnly,
    ...ignored('lines that peers can cause are always limited'),
  }),
  option('logsourcelocations', 'Write places of the source', ignored(FORMAT)),
  option('logthreadnames', 'Write names of threads', ignored(FORMAT)),
  option('logtimemicros', 'Write microseconds (default: 0)', debugOnly),
  option('logtimestamps', 'Write times (default: 1)'),
  option('maxsigcachesize=<n>', 'Mebibytes of valid signatures to remember', {
    ...debugOnly,
    ...ignored('the cache has a size of its own'),
  }),
  option('maxtipage=<n>', 'Seconds after which a tip is old (default: 86400)', {
    ...debugOnly,
    ...refused('a tip is old after a day'),
  }),
  option('mocktime=<n>', 'The time of the node instead of the real one, Unix seconds (default: 0)', debugOnly),
  option('printpriority', 'Write fee rates of mined transactions', { ...debugOnly, ...ignored(FORMAT) }),
  option('printtoconsole', 'Write the log to standard output (default: 1 without -daemon)'),
  option('shrinkdebugfile', 'Shorten a long log at the start', ignored('the log is not shortened')),
  option('stopafterblockimport', 'Stop after an import', { ...debugOnly, ...ignored('blocks are not imported') }),
  option('stopatheight', 'Stop at a height', { ...debugOnly, ...refused('the node does not stop at a height', '0') }),
  option('test=<option>', 'Options of tests', { ...debugOnly, ...ignored('there are none') }),
  option('uacomment=<cmt>', 'A comment in the user agent (may be given more than once)'),
  option('acceptstalefeeestimates', 'Use old estimates of fees', {
    ...debugOnly,
    ...ignored('estimates are not kept in a file'),
  }),
  option('testactivationheight=name@height.', 'The height at which a soft fork is active on regtest', {
    ...debugOnly,
    ...refused('a network file sets heights: pier startnode --network FILE'),
  }),
  option('maxtxfee=<amt>', 'The highest fee of a payment', {
    ...debugOnly,
    ...refused('the wallet has a policy of its own'),
  }),
];

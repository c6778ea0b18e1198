import { debugOnly, ignored, option, refused } from './define.ts';

const NO_BLOCK_FILES = 'the chain is one file, and its blocks are kept in the same transactions as its coins';

/** Core's `Options`. */
export const generalOptions = [
  option('?', 'Print this help and exit', { isNeverNegated: true, isDebugOnly: true }),
  option('alertnotify=<cmd>', 'Run a command when the node warns of something (%s: the warning)', {
    ...refused('the node has no alerts'),
  }),
  option('allowignoredconf', 'Accept a bitcoin.conf in the data directory that is not read', {
    ...ignored('such a file is no error'),
  }),
  option(
    'assumevalid=<hex>',
    'Skip the scripts of this block and its ancestors (0: verify all)',
    refused('all scripts are verified', '0'),
  ),
  option('blockfilterindex=<type>', 'Index compact block filters, BIP158 (basic, 0 or 1; default: 0)'),
  option('blocknotify=<cmd>', 'Run a command when the tip changes (%s: its hash)'),
  option('blockreconstructionextratxn=<n>', 'Extra transactions to keep for compact blocks', {
    ...ignored('the node keeps its own number'),
  }),
  option('blocksdir=<dir>', 'The folder of the blocks', refused(NO_BLOCK_FILES)),
  option('blocksonly', 'Reject transactions of peers (default: 0)'),
  option('blocksxor', 'Obfuscate the files of blocks', ignored(NO_BLOCK_FILES)),
  option('coinstatsindex', 'Index statistics of the UTXO set', refused('there is no index of coin statistics', '0')),
  option('conf=<file>', 'The configuration file, relative to the data directory (default: bitcoin.conf)'),
  option('daemon', 'Run in the background (default: 0)'),
  option('daemonwait', 'Run in the background, and return once the node is ready (default: 0)'),
  option('datadir=<dir>', 'The data directory (default: ~/.bitcoin)', { isNeverNegated: true }),
  option('dbbatchsize', 'Bytes of a batch of the database', { ...debugOnly, ...ignored('LMDB has no such batches') }),
  option('dbcache=<n>', 'Mebibytes of memory for the cache of coins (default: 64)'),
  option(
    'debuglogfile=<file>',
    "The log's file, relative to the network's folder (-nodebuglogfile: none; default: debug.log)",
  ),
  option('help', 'Print this help and exit', { isNeverNegated: true }),
  option('h', 'Print this help and exit', { isNeverNegated: true, isDebugOnly: true }),
  option(
    'includeconf=<file>',
    'Another configuration file to read, relative to the data directory (in a configuration file only)',
  ),
  option('loadblock=<file>', 'Import blocks of a file at the start', refused(NO_BLOCK_FILES)),
  option('maxmempool=<n>', 'Megabytes of the mempool (default: 300)'),
  option('maxorphantx=<n>', 'Orphan transactions to keep', ignored('orphans are limited as in Core 30')),
  option('mempoolexpiry=<n>', 'Hours after which a transaction leaves the mempool (default: 336)'),
  option('minimumchainwork=<hex>', 'The least work of a chain that is trusted', debugOnly),
  option(
    'par=<n>',
    'Threads of script verification (0: as many as processors; negative: leave so many free; default: 0)',
  ),
  option('persistmempool', 'Save the mempool when the node stops, and load it at the start (default: 1)'),
  option('persistmempoolv1', 'Save the mempool without obfuscation', ignored('it is never obfuscated')),
  option('pid=<file>', "The file of the process id, relative to the network's folder (default: bitcoind.pid)"),
  option('prune=<n>', 'Delete old blocks', refused('the node keeps all blocks', '0')),
  option('reindex', 'Build the chain state anew from the stored blocks (default: 0)'),
  option('reindex-chainstate', 'As -reindex (default: 0)'),
  option('settings=<file>', 'The file of settings that a program changes', refused('no program changes settings', '0')),
  option('shutdownnotify=<cmd>', 'Run a command at the start of a shutdown'),
  option('startupnotify=<cmd>', 'Run a command when the node is ready'),
  option('txindex', 'Index all transactions', refused('there is no index of transactions', '0')),
  option('version', 'Print the version and exit'),
];

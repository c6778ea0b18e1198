import { OptionError } from './arguments/option-error.ts';
import type { Settings } from './arguments/settings.ts';

/** Bitcoin Core's log categories (Core: LOG_CATEGORIES_BY_STR). */
const CATEGORIES = [
  ...[
    'addrman',
    'bench',
    'blockstorage',
    'cmpctblock',
    'coindb',
    'estimatefee',
    'http',
    'i2p',
    'ipc',
    'kernel',
    'leveldb',
  ],
  ...[
    'libevent',
    'mempool',
    'mempoolrej',
    'net',
    'proxy',
    'prune',
    'qt',
    'rand',
    'reindex',
    'rpc',
    'scan',
    'selectcoins',
  ],
  ...['tor', 'txpackages', 'txreconciliation', 'validation', 'walletdb', 'zmq'],
] as const;
/** A log category. */
export type LogCategory = (typeof CATEGORIES)[number];

/** Categories of Pier's layers by Core's names for them. */
const LAYERS: Readonly<Record<string, LogCategory>> = {
  p2p: 'net',
  chain: 'validation',
  wallet: 'walletdb',
  mining: 'validation',
  node: 'kernel',
};

/** Returns the name of a layer's category. */
export function categoryOf(layer: string): string {
  return LAYERS[layer] ?? layer;
}

/** Returns the categories whose lines of level debug are written. Throws `OptionError` for unknown ones (Core: SetLoggingCategories). */
export function debugCategories(settings: Settings): ReadonlySet<string> {
  const shown = new Set<string>();
  const change = (option: string, apply: (name: LogCategory) => void) => {
    for (const value of settings.list(option)) {
      const names =
        value === '' || value === '1' || value === 'all' ? CATEGORIES : CATEGORIES.filter((name) => name === value);
      if (names.length === 0) throw new OptionError(`Unsupported logging category -${option}=${value}.`);
      for (const name of names) apply(name);
    }
  };
  // A last `0` or `none` switches off what stands before it.
  const values = settings.list('debug');
  const isOff = values.some((value) => value === '0' || value === 'none');
  if (!isOff) change('debug', (name) => shown.add(name));
  change('debugexclude', (name) => shown.delete(name));
  return shown;
}

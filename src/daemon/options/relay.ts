import { debugOnly, option, refused } from './define.ts';

/** Core's `Node relay options`. */
export const relayOptions = [
  option('acceptnonstdtxn', 'Relay transactions that are not standard (default: 0; not on main)', debugOnly),
  option('bytespersigop', 'Bytes that count for a signature operation', refused('it is 20, as by default in Core')),
  option('datacarrier', 'Relay transactions with data (default: 1)'),
  option('datacarriersize', "Bytes of a transaction's data at most (default: 100000)"),
  option('dustrelayfee=<amt>', 'The fee rate that defines dust, BTC/kvB (default: 0.00003)', debugOnly),
  option('incrementalrelayfee=<amt>', 'The fee rate that a replacement adds, BTC/kvB (default: 0.000001)', debugOnly),
  option('minrelaytxfee=<amt>', 'The least fee rate of a transaction, BTC/kvB (default: 0.000001)'),
  option('permitbaremultisig', 'Relay transactions with bare multisig outputs (default: 1)', debugOnly),
  option(
    'whitelistforcerelay',
    'Relay all transactions of peers with permissions',
    refused('peers have no permissions', '0'),
  ),
  option('whitelistrelay', 'Accept transactions of peers with permissions', refused('peers have no permissions')),
];

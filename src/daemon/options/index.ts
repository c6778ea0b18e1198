import type { Option, OptionGroup, OptionTable } from '../arguments/option.ts';
import { chainOptions } from './chain.ts';
import { connectionOptions } from './connection.ts';
import { debuggingOptions } from './debugging.ts';
import { generalOptions } from './general.ts';
import { miningOptions } from './mining.ts';
import { relayOptions } from './relay.ts';
import { rpcOptions } from './rpc.ts';
import { walletDebuggingOptions, walletOptions } from './wallet.ts';
import { zmqOptions } from './zmq.ts';

/** Bitcoin Core's options by group, in the order of its help. */
export const optionsByGroup: Readonly<Record<OptionGroup, readonly Option[]>> = {
  Options: generalOptions,
  'Connection options': connectionOptions,
  'Wallet options': walletOptions,
  'Wallet debugging/testing options': walletDebuggingOptions,
  'ZeroMQ notification options': zmqOptions,
  'Debugging/Testing options': debuggingOptions,
  'Chain selection options': chainOptions,
  'Node relay options': relayOptions,
  'Block creation options': miningOptions,
  'RPC server options': rpcOptions,
};

/** The options of `pierd`: those of Bitcoin Core 30. */
export const options: OptionTable = new Map(
  Object.values(optionsByGroup)
    .flat()
    .map((each) => [each.name, each]),
);

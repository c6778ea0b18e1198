import { RpcCode, RpcError } from '../../api/json/rpc-error.ts';
import { PierError } from '../../platform/errors.ts';
import type { MethodName } from '../protocol/methods.ts';

/** Returns the next step after an error of a method, or undefined if there is none. */
type NextStep = (message: string, method: MethodName) => string | undefined;

/**
 * Next steps by the code of an error, in place of those that only programs with the library understand. All clients have the
 * commands: these are clients themselves.
 */
const nextSteps: Readonly<Record<string, NextStep>> = {
  'bad-argument': (_, method) => {
    const command = commandOf(method);
    return command && `'pier help ${command}' lists its arguments and options.`;
  },
  // Only the library can make a conflict that it does not submit.
  'bad-replacement': (message) =>
    / has \d+ confirmations/.test(message) ? "'pier reorg' lets its block lose first." : undefined,
  'bad-traffic': () => "'pier up --nodes 3 --accounts 2' starts a network with accounts.",
  'no-peer': () => "'pier status' lists the nodes, and 'pier start NODE' starts one.",
  'network-closed': () => "It is being stopped: 'pier up' starts a network.",
  'no-miner': () => "'pier status' lists the nodes, and 'pier start NODE' starts one.",
  'node-paused': (message) => `'pier resume ${nodeOf(message)}' lets it go on.`,
  'node-stopped': (message) => `'pier start ${nodeOf(message)}' starts it.`,
  'unknown-node': () => "'pier status' lists the nodes.",
  'unknown-snapshot': () => "'pier snapshot list' lists the snapshots.",
};

/** Next steps after what a node answers, by its code. */
const rpcSteps: Readonly<Record<number, NextStep>> = {
  [RpcCode.METHOD_NOT_FOUND]: () => "The RPC method 'help' lists the methods of the node.",
  [RpcCode.WALLET_NOT_SPECIFIED]: () => 'Name the wallet.',
  [RpcCode.WALLET_NOT_FOUND]: () => "The RPC method 'listwallets' lists the wallets of the node.",
  [RpcCode.WALLET_INSUFFICIENT_FUNDS]: fundsStep,
};

/** Where the library names the method and the object of options that an argument belongs to. */
const ARGUMENT =
  /^(?:(?:account|fees|link|node|time)\.)?(?:addNode|call|doubleSpend|faucet|heal|increase|link|logs|mine|mining|node|partition|pay|payment|reorg|set|traffic): (?:options\.)?/gm;

/** Words that only programs with the library understand. */
const LIBRARY =
  /\b(?:account|fees|network|node|payment|time)\.\w|\b\w+\((?!s\))|\boptions\.\w|\bthe option \w+;|^The call is/i;

/** Returns whether a text has words that only programs with the library understand. */
export function isForLibrary(text: string): boolean {
  return LIBRARY.test(text);
}

/** Returns an error of the network as clients of the control server get it: with arguments and next steps of theirs. */
export function forClients(error: unknown, method: MethodName): unknown {
  if (!(error instanceof PierError)) return error;
  const isAnswer = error instanceof RpcError;
  // What a node answers is not about arguments of the library.
  const message = isAnswer ? error.message : error.message.replaceAll(ARGUMENT, '');
  const step = isAnswer ? rpcSteps[error.rpcCode] : nextSteps[error.code];
  const own = error.hint === undefined || isForLibrary(error.hint) ? undefined : error.hint;
  const hint = own ?? timeStep(message, method) ?? step?.(message, method);
  return new PierError(error.code, message, { cause: error, ...(hint === undefined ? {} : { hint }) });
}

/** Commands that are not called as their method. */
const otherNames: ReadonlyMap<MethodName, string> = new Map([
  ['links', 'link'],
  ['node.add', 'add'],
]);

/** Returns the command that calls a method. */
function commandOf(method: MethodName): string | undefined {
  if (method === 'call' || method === 'rpc.discover') return undefined;
  return otherNames.get(method) ?? method.replace(/\..*/, '');
}

/** Returns the name at the beginning of `NAME is stopped: it cannot mine`. */
function nodeOf(message: string): string {
  return message.replace(/ is (?:stopped|paused): .*/s, '');
}

/** One code has several causes: of an amount that is too small, coins are no remedy. */
function fundsStep(message: string, method: MethodName): string | undefined {
  if (message.startsWith('Unconfirmed UTXOs')) return "'pier mine' confirms them.";
  if (/block rewards are immature/.test(message))
    return "'pier mine 100' lets the rewards of the blocks so far mature.";
  if (!message.startsWith('Insufficient funds')) return undefined;
  if (method === 'faucet') return "'pier mine 101' gives the faucet more.";
  return "'pier accounts' shows what each account can spend, 'pier faucet ACCOUNT AMOUNT' gives it more, and 'pier mine 101' the faucet.";
}

/** Blocks have times after the median of the eleven before, and within two hours of the nodes' time. */
function timeStep(message: string, method: MethodName): string | undefined {
  // Blocks are also mined by others, such as fees.
  if (method === 'call') return undefined;
  return /\btime-too-(?:new|old)\b/.test(message)
    ? "'pier time' shows the network's time, and 'pier time --set SECONDS' sets it."
    : undefined;
}

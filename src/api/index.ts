/**
 * JSON-RPC compatible with Bitcoin Core: a client for Pier and bitcoind, a server, its methods, and the means to add
 * methods.
 *
 * @example
 * ```ts
 * import { startNode } from 'pier';
 * import { method, RpcClient, RpcServer, rpcMethods, textArgument } from 'pier/api';
 * import { nodeConfig, nodePaths } from 'pier/node';
 *
 * const config = nodeConfig({ nodeId: 3000 });
 * const { node } = await startNode(config);
 * const client = new RpcClient({ host: '127.0.0.1', port: config.rpc.port, cookieFile: nodePaths(config).cookie });
 * console.log(await client.call('getblockchaininfo'));
 *
 * // A server on another port with an additional method.
 * const echo = method({
 *   name: 'greet',
 *   category: 'Util',
 *   description: 'Greets.',
 *   arguments: [textArgument('name', 'The name to greet.')],
 *   result: '"text"',
 *   handler: (_context, name) => `hello ${name}`,
 * });
 * const options = { host: '127.0.0.1', port: 0, cookieFile: '/tmp/.cookie' };
 * const server = await RpcServer.start(options, node, new Map([...rpcMethods, [echo.name, echo]]));
 * await server.close();
 * await node.stop();
 * ```
 *
 * @module pier/api
 * @packageDocumentation
 */

export {
  type Argument,
  type ArgumentValues,
  amountArgument,
  booleanArgument,
  customArgument,
  hashArgument,
  hexArgument,
  integerArgument,
  numberArgument,
  optional,
  textArgument,
} from './arguments/arguments.ts';
export { RpcClient, type RpcClientOptions } from './client/rpc-client.ts';
export { encodeJson } from './json/encode.ts';
export { amountJson, type Json, JsonList, JsonMembers, JsonNumber, type JsonObject, JsonText } from './json/json.ts';
export { RpcCode, RpcError } from './json/rpc-error.ts';
export type { Step } from './json/step.ts';
export {
  type ActiveCommand,
  type Category,
  categories,
  type Method,
  type MethodDefinition,
  type MethodHelp,
  method,
  type RpcContext,
} from './method/method.ts';
export type { AnyRpcNode, RpcNode } from './method/rpc-node.ts';
export { type CallParams, callMethod } from './methods/dispatch.ts';
export { rpcMethods } from './methods/index.ts';
export { lightMethods } from './methods/light/index.ts';
export type { LightRpcNode } from './methods/light/light.ts';
export { RpcServer, type RpcServerOptions } from './rpc/rpc-server.ts';
export type { RpcUser, RpcUserOptions } from './rpc/rpc-users.ts';
export type { Call } from './work/call.ts';

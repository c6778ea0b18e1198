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
export { amountJson, encodeJson, type Json, JsonNumber, type JsonObject } from './json/json.ts';
export { RpcCode, RpcError } from './json/rpc-error.ts';
export {
  type ActiveCommand,
  type Category,
  type Method,
  type MethodDefinition,
  type MethodHelp,
  method,
  type RpcContext,
} from './method/method.ts';
export type { AnyRpcNode, RpcNode } from './method/rpc-node.ts';
export { rpcMethods } from './methods/index.ts';
export { type LightRpcNode, lightMethods } from './methods/light/light.ts';
export { type CallParams, callMethod } from './rpc/dispatch.ts';
export { RpcServer, type RpcServerOptions } from './rpc/rpc-server.ts';

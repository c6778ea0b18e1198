import { PierError } from '../../platform/errors.ts';

/** Bitcoin Core's JSON-RPC error codes (RPCErrorCode), named without the `RPC_` prefix. */
export const RpcCode = {
  INVALID_REQUEST: -32600,
  METHOD_NOT_FOUND: -32601,
  INVALID_PARAMS: -32602,
  INTERNAL_ERROR: -32603,
  PARSE_ERROR: -32700,
  MISC_ERROR: -1,
  TYPE_ERROR: -3,
  WALLET_ERROR: -4,
  INVALID_ADDRESS_OR_KEY: -5,
  WALLET_INSUFFICIENT_FUNDS: -6,
  OUT_OF_MEMORY: -7,
  INVALID_PARAMETER: -8,
  CLIENT_NOT_CONNECTED: -9,
  CLIENT_IN_INITIAL_DOWNLOAD: -10,
  WALLET_INVALID_LABEL_NAME: -11,
  WALLET_NOT_FOUND: -18,
  WALLET_NOT_SPECIFIED: -19,
  DESERIALIZATION_ERROR: -22,
  CLIENT_NODE_ALREADY_ADDED: -23,
  CLIENT_NODE_NOT_ADDED: -24,
  VERIFY_ERROR: -25,
  VERIFY_REJECTED: -26,
  VERIFY_ALREADY_IN_UTXO_SET: -27,
  CLIENT_NODE_NOT_CONNECTED: -29,
  CLIENT_INVALID_IP_OR_SUBNET: -30,
  CLIENT_P2P_DISABLED: -31,
  METHOD_DEPRECATED: -32,
} as const;

/** Thrown by a method to answer with an error; the message equals Core's where Core has one. */
export class RpcError extends PierError {
  /** The JSON-RPC error code, one of `RpcCode`. */
  readonly rpcCode: number;

  constructor(rpcCode: number, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super('rpc-error', message, options);
    this.rpcCode = rpcCode;
  }
}

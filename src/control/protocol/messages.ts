/** A JSON-RPC 2.0 request; without `id`, a notification. */
export interface RpcRequest {
  readonly jsonrpc: '2.0';
  readonly id?: string | number | null;
  readonly method: string;
  readonly params?: unknown;
}

/** Why a request failed. */
export interface RpcFailure {
  /** A code of JSON-RPC 2.0, or `ErrorCode.FAILED`. */
  readonly code: number;
  readonly message: string;
  /** The code and hint of the error, as `pier --json` prints them. */
  readonly data?: { readonly code: string; readonly hint?: string };
}

/** A JSON-RPC 2.0 response. */
export type RpcResponse =
  | { readonly jsonrpc: '2.0'; readonly id: string | number | null; readonly result: unknown }
  | { readonly jsonrpc: '2.0'; readonly id: string | number | null; readonly error: RpcFailure };

/** Error codes of the control server. */
export const ErrorCode = {
  PARSE_ERROR: -32700,
  INVALID_REQUEST: -32600,
  METHOD_NOT_FOUND: -32601,
  INVALID_PARAMS: -32602,
  INTERNAL: -32603,
  /** The network could not do it: `data.code` says why. */
  FAILED: -32000,
} as const;

/** One end of a connection between a client and the control server: a WebSocket, or a port of a page. */
export interface ControlChannel {
  /** Sends a text; `sent` is called when the other end can take more, or never will. */
  send(text: string, sent?: () => void): void;
  /** Calls `listener` for each text that arrives. It calls `taken` once it can take more. */
  onMessage(listener: (text: string, taken: () => void) => void): void;
  /** Calls `listener` once, at the end of the connection. */
  onClose(listener: () => void): void;
  /** Ends the connection. */
  close(): void;
}

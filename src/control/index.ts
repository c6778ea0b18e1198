/**
 * The control server of a network, and its client: what `createNetwork` does in code, any program on this machine does
 * over JSON-RPC 2.0 on a WebSocket, with a stream of numbered events.
 *
 * @example
 * ```ts
 * import { connectControl, NetworkControl } from 'pier/control';
 * import { createNetwork } from 'pier/devnet';
 *
 * await using network = await createNetwork({ nodes: 2 });
 * const control = await NetworkControl.start(network, { name: 'docs' });
 * const client = await connectControl(control);
 * const events = await client.events({ types: ['block'] });
 * await client.call('mine', { blocks: 1 });
 * for await (const event of events) {
 *   console.log(event.type); // block
 *   break;
 * }
 * await client.close();
 * await control.close();
 * ```
 *
 * @module
 */
export { type ControlAddress, connectControl } from './client/connect.ts';
export * from './in-page.ts';
export {
  type ControlListenOptions,
  NetworkControl,
  type NetworkControlOptions,
} from './server/network-control.ts';

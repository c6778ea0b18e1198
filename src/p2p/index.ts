/**
 * Bitcoin's peer-to-peer protocol: all messages with their codecs, the v1 and v2 (BIP324) wire formats, transports, peers, and
 * `ConnectionManager`, which maintains a node's connections.
 *
 * @example
 * ```ts
 * import { regtest } from 'pier/consensus';
 * import { decodeMessage, encodeMessage, InvType, type RawMessage, V1Framing } from 'pier/p2p';
 *
 * const payload = encodeMessage('getdata', { entries: [{ type: InvType.BLOCK, hash: regtest.genesis.hash }] });
 * const received: RawMessage[] = [];
 * const receiver = new V1Framing(regtest.magic);
 * for (const part of new V1Framing(regtest.magic).frame('getdata', payload)) {
 *   receiver.receive(part, (message) => received.push(message));
 * }
 * console.log(received[0]!.command); // getdata
 * console.log(decodeMessage('getdata', received[0]!.payload).entries.length); // 1
 * ```
 *
 * @module pier/p2p
 * @packageDocumentation
 */

export {
  AddressBook,
  type AddressBookEvents,
  type AddressBookModules,
  type AddressBookOptions,
} from './addresses/address-book.ts';
export { AddressManager, type AddressManagerModules } from './addresses/address-manager.ts';
export { type Ban, type BanList, DEFAULT_BAN_TIME } from './addresses/ban-list.ts';
export type { Discouraged } from './addresses/discouraged.ts';
export type { AnnouncedAddress, KnownAddress } from './addresses/known-address.ts';
export { PartialBlock, shortId, shortIdKey, toCompactBlock } from './blocks/compact/compact-block.ts';
export type { SyncProgress } from './blocks/sync-progress.ts';
export {
  ConnectionManager,
  type ConnectionManagerEvents,
  type ConnectionManagerModules,
  type ConnectionManagerOptions,
  type PeerInfo,
} from './connections/connection-manager.ts';
export { type Endpoint, formatEndpoint, parseEndpoint, type Reach } from './net/endpoint.ts';
export { formatSubnet, isInSubnet, parseSubnet, type Subnet } from './net/subnet.ts';
export {
  Handshake,
  type HandshakeCommand,
  type HandshakeOptions,
  type HandshakeResult,
  type LocalNode,
  type Send,
} from './peer/handshake.ts';
export type { KeepAlive } from './peer/keep-alive.ts';
export { type ConnectionType, Peer, type PeerHooks, type PeerModules, type PeerOptions } from './peer/peer.ts';
export type { PeerFollower } from './peer/peer-follower.ts';
export { type PeerStats, peerStats } from './peer/peer-stats.ts';
export type { Direction, Traffic, TrafficCounter } from './peer/traffic.ts';
export { type PeerWorker, TurnScheduler } from './peer/turn-scheduler.ts';
export type { Handling, Work } from './peer/work.ts';
export {
  FullNodeProcessor,
  type FullNodeProcessorModules,
  type FullNodeProcessorOptions,
} from './processing/full-node-processor.ts';
export type {
  MessageProcessor,
  MessageProcessorEvents,
  ProcessedCommand,
} from './processing/message-processor.ts';
export { noPeerStateStats, type PeerStateStats } from './processing/peer-state-stats.ts';
export type { Connection, Listener, Transport } from './transport/connection.ts';
export { type Framing, FramingError, type RawMessage, type TransportVersion } from './transport/framing.ts';
export type { PackedTransaction } from './transport/packed-transaction.ts';
export { TcpTransport } from './transport/tcp-transport.ts';
export { V1Framing } from './transport/v1-framing.ts';
export { DetectingFraming } from './transport/v2/detecting-framing.ts';
export type { V2FramingOptions } from './transport/v2/key-exchange.ts';
export { V2Framing } from './transport/v2/v2-framing.ts';
export type { AddrMessage } from './wire/messages/addr.ts';
export type {
  CFCheckptMessage,
  CFHeadersMessage,
  CFilterMessage,
  FilterRangeMessage,
  GetCFCheckptMessage,
} from './wire/messages/block-filters.ts';
export type { BlockTxnMessage, GetBlockTxnMessage } from './wire/messages/block-transactions.ts';
export type { CmpctBlockMessage, PrefilledTransaction } from './wire/messages/cmpctblock.ts';
export { type MessageCodec, OverlongList } from './wire/messages/codec.ts';
export type { EmptyMessage } from './wire/messages/empty.ts';
export type { FeeFilterMessage } from './wire/messages/feefilter.ts';
export type { FilterAddMessage } from './wire/messages/filteradd.ts';
export type { HeadersMessage } from './wire/messages/headers.ts';
export {
  type Command,
  codecs,
  decodeMessage,
  encodeMessage,
  isCommand,
  type MessageOf,
} from './wire/messages/index.ts';
export { type InvEntry, type InventoryMessage, InvType } from './wire/messages/inventory.ts';
export { type LocatorMessage, NO_STOP } from './wire/messages/locator.ts';
export {
  type NetAddress,
  NetworkId,
  NO_ADDRESS,
  type PeerAddress,
  toEndpoint,
  toNetAddress,
} from './wire/messages/net-address.ts';
export type { PingMessage, PongMessage } from './wire/messages/nonce.ts';
export type { SendCmpctMessage } from './wire/messages/sendcmpct.ts';
export type { VersionMessage } from './wire/messages/version.ts';
export {
  FILTER_CHECKPOINT_INTERVAL,
  MAX_ADDRESSES,
  MAX_FILTER_HASHES,
  MAX_FILTERS,
  MAX_HEADERS,
  MAX_INV_ENTRIES,
  MAX_LOCATOR_HASHES,
  MAX_MESSAGE_LENGTH,
  MIN_PEER_PROTOCOL_VERSION,
  PROTOCOL_VERSION,
  ServiceFlag,
  serviceNames,
} from './wire/protocol.ts';

// What `pier/control` and `pier/browser` both export: all that needs nothing of Node.
export { connectPort } from './client/connect-port.ts';
export {
  type CallableMethod,
  ControlClient,
  type ControlEvents,
  type ControlEventsOptions,
  type LostEvents,
} from './client/control-client.ts';
export { type ControlEvent, type EventType, eventTypes, type StepEvent } from './protocol/events.ts';
export type { ControlChannel } from './protocol/messages.ts';
export { type MethodName, methods, type ParamsOf, type ResultOf } from './protocol/methods.ts';
export { openRpcDocument } from './protocol/open-rpc.ts';
export { ControlService, type ControlServiceOptions } from './server/control-service.ts';

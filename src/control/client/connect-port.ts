import { portChannel } from '../protocol/port-channel.ts';
import { ControlClient } from './control-client.ts';

/**
 * Returns a client of the network that serves the other end of a message port (`ControlService.attachPort`). A client that
 * reads its events slowly is told which ones it missed; it holds one batch of them at a time.
 */
export function connectPort(port: MessagePort): ControlClient {
  return new ControlClient(portChannel(port));
}

import { createNetwork } from '../../browser/create-network.ts';
import { ControlService } from '../../control/server/control-service.ts';

/** What the worker says once: that its network runs, or why it does not. */
export interface TabAnswer {
  readonly failure?: string;
}

/** The nodes of the founding scenario, which the lessons play. */
const options = {
  nodes: [
    { name: 'central', role: 'central' },
    { name: 'wallet', role: 'wallet', accounts: [0, 1] },
    { name: 'miner', role: 'miner' },
    { name: 'light', role: 'light' },
  ],
  links: [
    { between: ['wallet', 'central'] },
    { between: ['miner', 'central'] },
    { between: ['light', 'central'] },
    { between: ['light', 'wallet'] },
  ],
  accounts: 2,
} as const;

try {
  const network = await createNetwork(options);
  const service = new ControlService(network, { name: 'tab' });
  addEventListener('message', ({ data }: MessageEvent<MessagePort>) => service.attachPort(data));
  postMessage({} satisfies TabAnswer);
} catch (error) {
  postMessage({ failure: error instanceof Error ? error.message : String(error) } satisfies TabAnswer);
}

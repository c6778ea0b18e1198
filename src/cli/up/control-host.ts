import { NetworkName, pageLink } from '../../control/control-record.ts';
import type { StepEvent } from '../../control/protocol/events.ts';
import { NetworkControl } from '../../control/server/network-control.ts';
import type { NetworkNode } from '../../devnet/network/network-node.ts';
import type { NodeNetwork } from '../../devnet/network/node-network.ts';
import { controlCommand, pierCommand } from '../command-text.ts';
import { note } from '../output.ts';
import { afterSignal } from '../signals.ts';
import { t } from '../text/texts.ts';

/** What `withControl` gives. */
export interface ControlHost {
  /** Name of the network. */
  readonly name: string;
  /**
   * Lets clients control a network from now on. Resolves when one asks for its end. Rejects if another network has its name
   * after all. `busyWith` as in `ControlServiceOptions`.
   */
  serve(network: NodeNetwork, busyWith?: () => string | undefined): Promise<{ readonly down: Promise<void> }>;
  /** Reports a step of what is being played on it to clients. */
  report(step: Omit<StepEvent, 'type'>): void;
  /** Address of the live page, with the token. */
  readonly page: string;
}

/** Runs `action` with a control server for the network that it makes; until then, clients are told that it is being made. */
export async function withControl(name: string, action: (host: ControlHost) => Promise<void>): Promise<void> {
  const control = await NetworkControl.listen();
  try {
    const record = { name, pid: process.pid, url: control.url, token: control.token };
    const claimed = await NetworkName.claim(record);
    try {
      await action({
        name,
        page: pageLink(record),
        serve: async (network, busyWith: () => string | undefined = () => undefined) => {
          await NetworkName.claim(record);
          const down = new Promise<void>((resolve) => control.serve(network, { name, busyWith, onDown: resolve }));
          return { down };
        },
        report: (step) => control.report(step),
      });
    } finally {
      claimed.release();
    }
  } finally {
    await control.close();
  }
}

/** Warns of each node that ends by itself, also of one that is added later, unless the network is being stopped. */
export function warnAtExits(network: NodeNetwork, name: string, isStopping: () => boolean): void {
  const known = new Set<NetworkNode>();
  const watch = (node: NetworkNode) => {
    if (!known.has(node)) warnAtExit(node, name, isStopping);
    known.add(node);
  };
  for (const node of network.nodes) watch(node);
  network.follow(['node'], (event) => {
    if (event.type === 'node') watch(network.node(event.node));
  });
}

function warnAtExit(node: NetworkNode, network: string, isStopping: () => boolean): void {
  let wasRunning = true;
  node.backend.onChange(() => {
    const isRunning = node.status !== 'stopped';
    const hasExited = wasRunning && !isRunning;
    wasRunning = isRunning;
    if (!hasExited) return;
    const { unexpectedExit } = node.backend;
    if (unexpectedExit === undefined) return;
    afterSignal(() => {
      if (isStopping()) return;
      const command = controlCommand(`logs ${node.name}`, network);
      note(t`Warning: ${node.name} has exited (${unexpectedExit}). The other nodes keep running.`);
      note(`  ${t`Its log is in ${node.logFile}; '${command}' shows the end of it.`}`);
    });
  });
}

/** Notes how to look at a network. */
export function notePage({ page }: Pick<ControlHost, 'page'>): void {
  note(t`Watch it in a browser: ${page}`);
}

/** Notes how to control a network whose nodes run. */
export function noteControl({ name }: Pick<ControlHost, 'name'>): void {
  const [status, mine] = [controlCommand('status', name), controlCommand('mine', name)];
  const help = pierCommand('help', {});
  note(t`In another terminal: '${status}' shows the network, '${mine}' mines, '${help}' lists more.`);
}

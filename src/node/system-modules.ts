import { TcpTransport } from '../p2p/transport/tcp-transport.ts';
import { type CompleteModules, completeModules, type NodeModules } from './composition/running-node.ts';
import type { NodeConfig } from './composition/settings.ts';
import { systemFiles } from './system-files.ts';

/** Returns a node's modules: those of the system where none are given. */
export function systemModules(config: NodeConfig, overrides: Partial<NodeModules>): CompleteModules {
  return completeModules({
    ...overrides,
    transport: overrides.transport ?? new TcpTransport(),
    files: overrides.files ?? systemFiles(config),
  });
}

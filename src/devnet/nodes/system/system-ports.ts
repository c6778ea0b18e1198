import { resolveDataDir } from '../../../node/config.ts';
import { systemFiles } from '../../../node/system-files.ts';
import { MEMORY_PORT } from '../../topology/memory-config.ts';
import type { NodePorts } from '../node-ports.ts';
import { NodeRpc } from './node-rpc.ts';
import { PeerPort } from './peer-port.ts';

/** The ports and files of this machine. */
export const systemPorts: NodePorts = {
  rpc: (port) => new NodeRpc(port),
  peers: (port) => new PeerPort(port),
  files: (params) => systemFiles({ nodeId: MEMORY_PORT, dataDir: resolveDataDir(undefined, params) }),
};

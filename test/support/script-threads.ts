import { ScriptWorkers } from '../../src/chain/scripts/script-workers.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

/** Whether scripts can run in worker threads, which run the built code. */
export const hasScriptThreads: boolean = new ScriptWorkers(1, new VirtualClock(), silentLogger).isUsable;

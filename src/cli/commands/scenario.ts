import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { logPrinter, print } from '../output.ts';
import { formatStep } from '../step-text.ts';
import { t } from '../text/texts.ts';
import { terminal, Waiting } from '../waiting.ts';

/** Adds the command `scenario`. */
export function addScenario(program: Command): void {
  program
    .command('scenario')
    .description(
      'play the scenario of pier up in a temporary folder on free ports; exit with 0 only if every step is verified',
    )
    .option('--json', 'print the evidence as JSON')
    .option('--log', "print the nodes' logs to stderr")
    .action(async (options: { json?: boolean; log?: boolean }) => {
      const { freeNodeIds } = await import('../../devnet/processes/ports.ts');
      const { Scenario } = await import('../../devnet/scenario/scenario.ts');
      const dataDir = await mkdtemp(join(tmpdir(), 'pier-scenario-'));
      const [central, wallet, miner, light] = await freeNodeIds(4);
      // Lines of logs would run into it.
      const progress = new Waiting(options.log ? undefined : terminal());
      const scenario = new Scenario({
        central: central!,
        wallet: wallet!,
        miner: miner!,
        light: light!,
        dataDir,
        ...(options.log ? { onLog: logPrinter() } : {}),
        onStep: (step) => {
          progress.end();
          if (!options.json) print(formatStep(step));
          progress.start(t`Step ${step.step + 1}`);
        },
      });
      try {
        progress.start(t`Step ${1}`);
        const evidence = await scenario.play().finally(() => progress.end());
        if (options.json) print(JSON.stringify({ verified: true, steps: evidence }, null, 2));
        else print(t`All ${evidence.length} steps verified.`);
      } finally {
        await scenario.stop();
        await rm(dataDir, { recursive: true, force: true });
      }
    });
}

import type { Command } from 'commander';
import { findRecord, pageLink } from '../../control/control-record.ts';
import { checkNameOption } from '../option-values.ts';
import { printResult } from '../output.ts';

/** Adds the command `page`. */
export function addPage(program: Command): void {
  program
    .command('page')
    .description("print the address of the network's live page, with the token that the page needs")
    .option('--name <network>', 'the network, if several run')
    .option('--json', 'print the result as JSON')
    .action(async ({ name, json }: { name?: string; json?: boolean }) => {
      checkNameOption(name);
      const page = pageLink(await findRecord(name));
      printResult(json, { page }, () => page);
    });
}

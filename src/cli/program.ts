import { Command } from 'commander';
import { addChainCommands } from './commands/chain-commands.ts';
import { addCompletion } from './commands/completion.ts';
import { addControlCommands } from './commands/control-commands.ts';
import { addLogs } from './commands/logs.ts';
import { addPage } from './commands/page.ts';
import { addReset } from './commands/reset.ts';
import { addRpc } from './commands/rpc.ts';
import { addScenario } from './commands/scenario.ts';
import { addStartNode } from './commands/startnode.ts';
import { addUp } from './commands/up.ts';
import { addVerify } from './commands/verify.ts';
import { addWalletCommands } from './commands/wallet-commands.ts';
import { addHelp } from './help.ts';

/** Returns the command `pier` with all of its subcommands. Commander's errors are thrown. */
export function createProgram(version: string): Command {
  const program = new Command('pier')
    .description('A Bitcoin network on one machine. NODE_ID or --node-id selects a node by its port.')
    .version(version)
    .enablePositionalOptions()
    // `runCommand` reports Commander's errors as all others.
    .configureOutput({ outputError: () => {} });
  addUp(program);
  addControlCommands(program);
  addReset(program);
  addLogs(program);
  addPage(program);
  addScenario(program);
  addStartNode(program);
  addChainCommands(program);
  addWalletCommands(program);
  addVerify(program);
  addRpc(program);
  addCompletion(program);
  addHelp(program);
  for (const command of [program, ...program.commands]) command.exitOverride();
  return program;
}

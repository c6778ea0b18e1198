import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { addChainCommands } from './commands/chain-commands.ts';
import { addRpc } from './commands/rpc.ts';
import { addScenario } from './commands/scenario.ts';
import { addStartNode } from './commands/startnode.ts';
import { addUp } from './commands/up.ts';
import { addVerify } from './commands/verify.ts';
import { addWalletCommands } from './commands/wallet-commands.ts';
import { reportError } from './output.ts';

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

const program = new Command('pier')
  .description('A Bitcoin network on one machine. NODE_ID or --node-id selects a node by its port.')
  .version(version)
  .enablePositionalOptions()
  .showHelpAfterError("(run 'pier help' for usage)");
addUp(program);
addScenario(program);
addStartNode(program);
addChainCommands(program);
addWalletCommands(program);
addVerify(program);
addRpc(program);
for (const command of [program, ...program.commands]) command.exitOverride();

try {
  await program.parseAsync();
} catch (error) {
  // Commander has already printed its error. It throws for --help and --version too, with exit code 0.
  process.exitCode =
    error instanceof CommanderError
      ? error.exitCode === 0
        ? 0
        : 2
      : reportError(error, process.argv.includes('--json'));
}

import type { Command } from 'commander';
import { nodePaths } from '../../node/config.ts';
import { type CommonOptions, configOf, nodeOptions } from '../options.ts';
import { note, print } from '../output.ts';
import { t, translate } from '../text/texts.ts';
import { waiting } from '../waiting.ts';

/** Adds the command `rpc`. */
export function addRpc(program: Command): void {
  nodeOptions(program.command('rpc'))
    .description("call an RPC method of a running node; 'pier rpc help' lists the methods")
    .option('--wallet <name>', 'wallet of the call')
    .argument('<method>')
    .argument('[args...]')
    .passThroughOptions()
    .action(async (method: string, args: string[], options: CommonOptions & { wallet?: string }) => {
      const config = configOf(options);
      const { convertArguments } = await import('../../api/client/convert-arguments.ts');
      const { formatJson } = await import('../../api/json/format-json.ts');
      const { RpcClient } = await import('../../api/client/rpc-client.ts');
      const client = new RpcClient({ ...config.rpc, cookieFile: nodePaths(config).cookie });
      const given = convertArguments(method, args);
      const result = await waiting(t`Waiting for the node`, () =>
        client.callExact(method, given, options.wallet),
      ).catch(async (error: unknown) => {
        const { explainRpcError } = await import('../rpc-error-text.ts');
        throw explainRpcError(error, method);
      });
      const [, unknown] = (typeof result === 'string' && /^help: unknown command: (.+)$/.exec(result)) || [];
      if (method === 'help' && unknown !== undefined) {
        const { similarMethods } = await import('../rpc-error-text.ts');
        const question = similarMethods(unknown);
        if (question !== undefined) note(translate(question));
      }
      print(typeof result === 'string' && !options.json ? result : formatJson(result));
    });
}

import type { Command } from 'commander';
import type { ControlEvents } from '../../control/client/control-client.ts';
import { checkParams } from '../control/check-params.ts';
import { LineOutput } from '../control/line-output.ts';
import { formatLogLine, type NamedLogLine } from '../control/log-text.ts';
import { note, print } from '../output.ts';
import { aborted, interruption } from '../signals.ts';
import { stdoutFailed } from '../stdout.ts';
import { t } from '../text/texts.ts';
import { type ControlOptions, controlOptions, isDisconnection, number, withClient } from './control-commands.ts';

interface LogsOptions extends ControlOptions {
  readonly follow?: boolean;
  readonly lines: string;
}

/** Adds the command `logs`. */
export function addLogs(program: Command): void {
  controlOptions(
    program
      .command('logs')
      .description('show the logs of the nodes')
      .argument('[node]', 'its name (default: all nodes)')
      .option('-f, --follow', 'show new lines as they come, until Ctrl-C or the end of the network')
      .option('--lines <count>', 'number of lines that are there already', '100'),
    'print each line, and errors, as JSON',
  ).action(async (node: string | undefined, options: LogsOptions, command: Command) => {
    const lines = number('--lines', options.lines)!;
    await checkParams(command, 'logs', { node, lines });
    await withClient(options.name, async (client) => {
      const interrupted = options.follow ? aborted(interruption()) : undefined;
      // Before the lines that are there: none is missed.
      const events = options.follow ? await client.events({ types: ['log'] }) : undefined;
      const printer = new LinePrinter(options.json === true);
      for (const line of (await client.call('logs', { node, lines })).lines) printer.print(line, print);
      if (!events) return;
      void Promise.race([interrupted, stdoutFailed]).then(() => events.close());
      await follow(events, node, printer, options.json === true);
    });
  });
}

/** Prints lines of logs, each once. */
class LinePrinter {
  readonly #json: boolean;
  /** Number of the last line of each node. */
  readonly #last = new Map<string, number>();
  #width = 0;

  constructor(json: boolean) {
    this.#json = json;
  }

  print(line: NamedLogLine, print: (text: string) => void): void {
    const { node } = line;
    if (line.line <= (this.#last.get(node) ?? 0)) return;
    this.#last.set(node, line.line);
    this.#width = Math.max(this.#width, node.length);
    print(this.#json ? JSON.stringify(line) : formatLogLine(line, this.#width));
  }
}

/** Prints new lines until the events are closed, or the network ends. */
async function follow(
  events: ControlEvents,
  node: string | undefined,
  printer: LinePrinter,
  isJson: boolean,
): Promise<void> {
  // Where they are missing, unless a program reads the lines.
  const say = isJson ? note : print;
  const output = new LineOutput(process.stdout, print, (lines) =>
    say(
      lines === 1
        ? t`(${1} line dropped: the reader of the output is too slow)`
        : t`(${lines} lines dropped: the reader of the output is too slow)`,
    ),
  );
  try {
    for await (const event of events) {
      if (event.type === 'gap') {
        say(t`(lines are missing: the network logs faster than this command reads)`);
      } else if (event.type === 'log' && (node === undefined || event.node === node)) {
        const { type: _type, number: _number, ...line } = event;
        printer.print(line, (text) => output.print(text));
      }
    }
  } catch (error) {
    if (!isDisconnection(error)) throw error;
    note(t`The network has stopped.`);
  }
}

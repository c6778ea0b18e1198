import '../cli/no-debugger.ts';
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { interruption } from '../cli/signals.ts';
import { watchOutput } from '../cli/stdout.ts';
import { PierError } from '../platform/errors.ts';
import { type ReadSettings, readSettings } from './arguments/read-settings.ts';
import { helpText } from './help.ts';
import { options } from './options/index.ts';

/** Variable of a process in the background, whose parent waits until it is ready. */
const IN_BACKGROUND = 'PIER_DAEMON';

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

watchOutput();
process.exitCode = await run(process.argv.slice(2)).catch((error: unknown) => {
  if (!(error instanceof PierError)) throw error;
  const hint = error.hint === undefined ? '' : `. ${error.hint}`;
  say(`Error: ${error.message}${hint}\n`);
  return 1;
});
// A parent that waits for this process gets its exit code now.
if (process.connected) process.disconnect();

async function run(words: readonly string[]): Promise<number> {
  const read = asksForHelp(words) ?? readSettings(words, options);
  if (typeof read === 'string') {
    process.stdout.write(read);
    return 0;
  }
  const { settings } = read;
  const isParent = process.env[IN_BACKGROUND] === undefined;
  const waits = settings.bool('daemonwait', false);
  if (isParent && (waits || settings.bool('daemon', false))) return startInBackground(words, waits);
  return runDaemon(read, isParent);
}

/** Returns what is printed instead of a start; undefined if the command line does not ask for it. */
function asksForHelp(words: readonly string[]): string | undefined {
  const has = (...names: string[]) => words.some((word) => names.includes(word.replace(/^--?/, '-')));
  if (has('-version')) return `Pier daemon version v${version}\n`;
  if (has('-help-debug')) return helpText(version, true);
  return has('-?', '-h', '-help') ? helpText(version, false) : undefined;
}

async function runDaemon(read: ReadSettings, isParent: boolean): Promise<number> {
  const { Daemon } = await import('./daemon.ts');
  const { stdoutOutput } = await import('../node/log-output.ts');
  const signal = interruption();
  const daemon = await Daemon.start(read, {
    console: read.settings.bool('printtoconsole', isParent) ? stdoutOutput() : undefined,
    signal,
    warn: (text) => say(`Warning: ${text}\n`),
    version,
  }).catch((error: unknown) => {
    if (error !== signal.reason) throw error;
  });
  if (!daemon) return 0;
  process.send?.({ ready: true });
  signal.addEventListener('abort', () => void daemon.node.stop().catch(() => {}), { once: true });
  if (signal.aborted) await daemon.node.stop();
  // A node without servers and peers has nothing else that keeps the process alive.
  const life = setInterval(() => {}, 2 ** 30);
  await daemon.stopped().finally(() => clearInterval(life));
  return 0;
}

/** Prints a text on stderr: that of the parent which waits, if there is one. */
function say(text: string): void {
  if (process.send) process.send({ text });
  else process.stderr.write(text);
}

/** Starts the same command in a process of its own. With `waits`, until its node is ready; its exit code if it fails. */
async function startInBackground(words: readonly string[], waits: boolean): Promise<number> {
  process.stdout.write('Pier starting\n');
  const child = spawn(process.execPath, [process.argv[1]!, ...words], {
    detached: true,
    env: { ...process.env, [IN_BACKGROUND]: '1' },
    // Its parent says what it has to say, so that it does not keep the parent's output open.
    stdio: waits ? ['ignore', 'ignore', 'ignore', 'ipc'] : 'ignore',
  });
  if (!waits) {
    child.unref();
    return 0;
  }
  const code = await new Promise<number>((resolve) => {
    child.on('message', (message: { readonly text?: string; readonly ready?: boolean }) => {
      if (message.text !== undefined) process.stderr.write(message.text);
      if (message.ready) resolve(0);
    });
    child.once('exit', (exitCode) => resolve(exitCode ?? 1));
  });
  if (child.connected) child.disconnect();
  child.unref();
  return code;
}

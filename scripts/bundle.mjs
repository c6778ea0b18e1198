import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'rolldown';
import { licenses } from './licenses.mjs';

// Bundles the command, since Node needs about a millisecond to load each of its 600 modules. The bundle lies in dist/cli/,
// as deep as src/<layer>/, so that paths relative to `import.meta.url` stay valid.

/** Entry files of worker threads, by the name that `workerUrl` expects. */
const workers = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('-worker.ts'))
  .map((path) => [basename(path, '.ts'), join('src', path)]);

await build({
  input: { main: 'src/cli/main.ts', pierd: 'src/daemon/main.ts', ...Object.fromEntries(workers) },
  platform: 'node',
  // Packages with native binaries, and CommonJS packages that locate files at run time.
  external: [/^lmdb/, /^secp256k1/, /^tiny-secp256k1/, /^pino/],
  plugins: [licenses],
  output: { dir: 'dist/cli', cleanDir: true, chunkFileNames: '[name].js' },
});

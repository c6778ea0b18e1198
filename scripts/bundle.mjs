import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'rolldown';

// The command in few files: Node spends a millisecond on each module that it loads, and there would be six hundred. All
// lie in dist/cli/, as deep as src/<layer>/, so that what is found by `import.meta.url` is found there too.

/** Entry files of threads, by the name that `workerUrl` looks for. */
const workers = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('-worker.ts'))
  .map((path) => [basename(path, '.ts'), join('src', path)]);

/** Puts the licenses of the packages that are inside next to them, as these ask for. */
const licenses = {
  name: 'licenses',
  generateBundle(_options, bundle) {
    const modules = Object.values(bundle).flatMap((file) => file.moduleIds ?? []);
    const folders = modules.flatMap((id) => /^.*node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(id)?.[0] ?? []);
    const texts = [...new Set(folders)].sort().map((folder) => {
      const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      return `${name} ${version}\n\n${readFileSync(join(folder, 'LICENSE'), 'utf8').trim()}\n`;
    });
    this.emitFile({ type: 'asset', fileName: 'LICENSES.txt', source: texts.join(`\n${'-'.repeat(80)}\n\n`) });
  },
};

await build({
  input: { main: 'src/cli/main.ts', ...Object.fromEntries(workers) },
  platform: 'node',
  // What brings binaries, or consists of CommonJS files that look for others.
  external: [/^lmdb/, /^secp256k1/, /^tiny-secp256k1/, /^pino/, /^fastify/],
  plugins: [licenses],
  output: { dir: 'dist/cli', cleanDir: true, chunkFileNames: '[name].js' },
});

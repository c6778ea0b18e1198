import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'rolldown';

// Bundles the command, since Node needs about a millisecond to load each of its 600 modules. The bundle lies in dist/cli/,
// as deep as src/<layer>/, so that paths relative to `import.meta.url` stay valid.

/** Entry files of worker threads, by the name that `workerUrl` expects. */
const workers = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('-worker.ts'))
  .map((path) => [basename(path, '.ts'), join('src', path)]);

/** Adds the licenses of all bundled packages, as these licenses require. */
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
  // Packages with native binaries, and CommonJS packages that locate files at run time.
  external: [/^lmdb/, /^secp256k1/, /^tiny-secp256k1/, /^pino/],
  plugins: [licenses],
  output: { dir: 'dist/cli', cleanDir: true, chunkFileNames: '[name].js' },
});

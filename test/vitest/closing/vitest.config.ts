import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const dist = fileURLToPath(new URL('../../../dist', import.meta.url));

// For the run of Vitest in `close.test.ts`. Node loads the built package, as in a project that uses it: Vite would
// transform all of its sources for this run alone.
export default defineConfig({
  resolve: { alias: [{ find: /^(?:\.\.\/)+src\/(.*)\.ts$/, replacement: `${dist}/$1.js` }] },
  test: { include: ['*.case.ts'], testTimeout: 20_000, server: { deps: { external: [/\/dist\//] } } },
});

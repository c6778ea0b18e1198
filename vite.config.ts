import { defineConfig } from 'vite';
import solid from 'vite-plugin-solid';
import { insideWasm } from './scripts/inside-wasm.mjs';
import { licenses } from './scripts/licenses.mjs';

/** The live page: `src/web/`, which the control server serves from `dist/page/`. */
export default defineConfig({
  root: 'src/web',
  base: '/',
  plugins: [solid(), insideWasm, licenses],
  build: {
    outDir: '../../dist/page',
    emptyOutDir: true,
    target: 'es2022',
    // A style or script inside the document would need an exception from the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // How long its plugins take is of no use to readers of the output.
    rolldownOptions: { checks: { pluginTimings: false } },
  },
});

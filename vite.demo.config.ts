import { defineConfig } from 'vite';
import solid from 'vite-plugin-solid';
import { insideWasm } from './scripts/inside-wasm.mjs';
import { licenses } from './scripts/licenses.mjs';

/** The live page with a network in the tab: plain files for any web server, at any path. */
export default defineConfig({
  root: 'src/web/demo',
  base: './',
  plugins: [solid(), insideWasm, licenses],
  worker: { format: 'es', plugins: () => [insideWasm] },
  build: {
    outDir: '../../../dist/demo',
    emptyOutDir: true,
    target: 'es2022',
    // A style or script inside the document would need an exception from the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // How long its plugins take is of no use to readers of the output.
    rolldownOptions: { checks: { pluginTimings: false } },
  },
});

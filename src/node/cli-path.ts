import { fileURLToPath } from 'node:url';

/**
 * Returns the path of the built command, also when this module is loaded from `src/`, as in tests. The bundle of the
 * command stands as deep as this file.
 */
export function cliPath(): string {
  return fileURLToPath(new URL('../cli/main.js', import.meta.url).href.replace('/src/', '/dist/'));
}

import { fileURLToPath } from 'node:url';

/**
 * Folder of what the build has made of `src/web/`, also when this module is loaded from `src/`. The bundle of the command
 * stands as deep as this file.
 */
export const PAGE_FOLDER = fileURLToPath(new URL('../page/', import.meta.url).href.replace('/src/', '/dist/'));

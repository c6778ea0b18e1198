import type { Plugin } from 'vite';

/** Adds the licenses of all bundled packages to the bundle. */
export const licenses: Plugin;

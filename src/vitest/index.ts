/**
 * Networks as fixtures of Vitest.
 *
 * @packageDocumentation
 */

export { networkTest } from './network-test.ts';

import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const undo: (() => void)[] = [];

/** Replaces functions of `node:fs` for all modules that import them, until `restoreFs`. */
export function replaceFs(functions: { [K in keyof typeof fs]?: unknown }): void {
  const before = Object.fromEntries(Object.keys(functions).map((name) => [name, fs[name as keyof typeof fs]]));
  undo.push(() => Object.assign(fs, before));
  Object.assign(fs, functions);
  syncBuiltinESMExports();
}

/** Restores `node:fs`. */
export function restoreFs(): void {
  for (const each of undo.splice(0).reverse()) each();
  syncBuiltinESMExports();
}

/** Returns the system's error of this code. */
export function systemError(code: string, message = `${code}: as asked`): Error {
  return Object.assign(new Error(message), { code });
}

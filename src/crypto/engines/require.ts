import { builtinModule } from '../../platform/builtin-module.ts';

interface NodeModule {
  createRequire(from: string): (id: string) => unknown;
}

/**
 * Loads a CommonJS package at run time, so that engines load on first use and bundlers for web pages do not see the
 * native one. Throws outside Node or if the package is not installed.
 */
export function requirePackage<T>(id: string): T {
  const nodeModule = builtinModule<NodeModule>('node:module');
  if (!nodeModule) throw new Error(`cannot load ${id} outside Node`);
  return nodeModule.createRequire(import.meta.url)(id) as T;
}

interface NodeModule {
  createRequire(from: string): (id: string) => unknown;
}

/**
 * Loads a CommonJS package at run time, where this is Node: engines are loaded when they are needed, and a page's
 * bundler must not see the native one. Throws where there is no Node or no such package.
 */
export function requirePackage<T>(id: string): T {
  const nodeModule = (
    globalThis as { process?: { getBuiltinModule?: (id: string) => NodeModule | undefined } }
  ).process?.getBuiltinModule?.('node:module');
  if (!nodeModule) throw new Error(`no Node to load ${id} with`);
  return nodeModule.createRequire(import.meta.url)(id) as T;
}

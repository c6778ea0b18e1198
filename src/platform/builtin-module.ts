/** What this file uses of Node, whose types would tie it to Node. */
const { process } = globalThis as { process?: { getBuiltinModule?: (id: string) => unknown } };

/**
 * Returns a module of Node, such as `node:crypto`, as the interface `T` that its caller declares; undefined in a browser.
 * Files that run in pages reach Node in this way alone, and have another way where it returns undefined.
 */
export function builtinModule<T>(id: `node:${string}`): T | undefined {
  return process?.getBuiltinModule?.(id) as T | undefined;
}

/**
 * Returns the URL of the worker entry file `name`, in the folder of the module whose `import.meta.url` is `from`. When
 * that module is a TypeScript source (under a test runner), this is the compiled file in `dist/`: Node's workers cannot
 * load TypeScript.
 */
export function workerUrl(name: string, from: string): URL {
  const isSource = from.endsWith('.ts');
  const url = new URL(`${name}.js`, from);
  if (isSource) url.pathname = url.pathname.replace(/\/src\/(?!.*\/src\/)/, '/dist/');
  return url;
}

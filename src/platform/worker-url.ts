/**
 * Where a worker's entry file is, next to the file whose `import.meta.url` is `from`. A runner of tests loads modules
 * from their TypeScript sources, which a worker of Node cannot: there the compiled one is taken, from dist/.
 */
export function workerUrl(name: string, from: string): URL {
  const isSource = from.endsWith('.ts');
  const url = new URL(`${name}.js`, from);
  if (isSource) url.pathname = url.pathname.replace(/\/src\/(?!.*\/src\/)/, '/dist/');
  return url;
}

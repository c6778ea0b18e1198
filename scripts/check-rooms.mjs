import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

// Checks that every folder of src/ can be read at a glance, and that no file does too much: at most 20 source files directly
// in a folder, at most 20 imports in a file. A file with more imports is listed in ARCHITECTURE.md with its reason.

const MAX_FILES = 20;
const MAX_IMPORTS = 20;

/** The paths in backticks of the table under the heading about imports. */
function listedExceptions() {
  const text = readFileSync('ARCHITECTURE.md', 'utf8');
  const section = text.split(/^## /m).find((part) => part.startsWith('Files with more than 20 imports')) ?? '';
  return new Set([...section.matchAll(/^\| `([^`]+)` \| \S/gm)].map(([, path]) => path));
}

const faults = [];
const exceptions = listedExceptions();
const unused = new Set(exceptions);

function visit(folder) {
  const paths = readdirSync(folder).map((name) => join(folder, name));
  const files = paths.filter((path) => path.endsWith('.ts'));
  if (files.length > MAX_FILES)
    faults.push(`${folder}/ holds ${files.length} source files, at most ${MAX_FILES} allowed`);
  for (const file of files) {
    const imports = readFileSync(file, 'utf8').match(/^import\b/gm)?.length ?? 0;
    if (imports <= MAX_IMPORTS) continue;
    const name = file.replaceAll('\\', '/').replace(/^src\//, '');
    unused.delete(name);
    if (!exceptions.has(name)) {
      faults.push(`${file} has ${imports} imports; split it, or state the reason in ARCHITECTURE.md`);
    }
  }
  for (const path of paths) if (statSync(path).isDirectory()) visit(path);
}

visit('src');
for (const name of unused) faults.push(`ARCHITECTURE.md lists ${name}, which has no more than ${MAX_IMPORTS} imports`);
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;

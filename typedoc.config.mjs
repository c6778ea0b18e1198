import { readFileSync } from 'node:fs';

const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));
const entryPoints = Object.values(exports)
  .filter((entry) => entry.import)
  .map((entry) => entry.import.default.replace('./dist/', 'src/').replace(/\.js$/, '.ts'));

/** The API reference, from the entries of the package. Anything undocumented or unexported that they mention is an error. */
export default {
  entryPoints,
  out: 'build/api',
  tsconfig: 'tsconfig.json',
  readme: 'none',
  name: 'Pier',
  includeVersion: true,
  excludePrivate: true,
  excludeInternal: true,
  skipErrorChecking: true,
  requiredToBeDocumented: ['Module', 'Class', 'Interface', 'TypeAlias', 'Function', 'Variable', 'Enum'],
  validation: {
    notExported: true,
    invalidLink: true,
    invalidPath: true,
    notDocumented: true,
    rewrittenLink: true,
    unusedMergeModuleWith: true,
  },
  // Tables whose keys are a type.
  intentionallyNotExported: ['texts'],
  treatWarningsAsErrors: true,
};

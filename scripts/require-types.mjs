import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import ts from 'typescript';

// Writes the types of `require('pier/…')`. Node can `require` the package's ES modules, but under `module: node16`
// TypeScript rejects their types in a CommonJS file (TS1479). Each entry therefore gets a CommonJS twin of its types that
// refers to the same declarations, so that `import` and `require` yield the same types.

const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));
const entries = Object.values(exports).flatMap((entry) => (entry.require ? [entry] : []));
const options = { module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2023, skipLibCheck: true, noEmit: true };
const program = ts.createProgram(
  entries.map((entry) => entry.import.types),
  { ...options, types: [], noLib: true },
);
const checker = program.getTypeChecker();

for (const entry of entries) writeFileSync(entry.require.types, twin(entry.import.types));

function twin(path) {
  const module = `./${basename(entryModule(path))}`;
  const from = `'${module}' with { 'resolution-mode': 'import' }`;
  const types = [];
  const values = [];
  for (const statement of exportLists(path)) {
    for (const specifier of statement.exportClause.elements) {
      const name = specifier.name.text;
      if (statement.isTypeOnly || specifier.isTypeOnly) types.push(name);
      else values.push(declaration(name, checker.getAliasedSymbol(checker.getSymbolAtLocation(specifier.name))));
    }
  }
  const typeList = types.length === 0 ? [] : [`export type { ${types.join(', ')} } from ${from};`];
  return [`import type * as esm from ${from};`, ...typeList, ...values, ''].join('\n');
}

/** Returns the export lists of a declaration file, and those of files that it exports as a whole. */
function exportLists(path) {
  return program.getSourceFile(path).statements.flatMap((statement) => {
    const list = ts.isExportDeclaration(statement) ? statement.exportClause : undefined;
    if (list && ts.isNamedExports(list)) return [statement];
    if (ts.isExportDeclaration(statement) && !list) {
      return exportLists(join(dirname(path), statement.moduleSpecifier.text.replace(/\.[jt]s$/, '.d.ts')));
    }
    throw new Error(`${path} may contain only export lists: ${statement.getText()}`);
  });
}

/** Returns the module of a declaration file: `index.js` for `index.d.ts`. */
function entryModule(path) {
  return path.replace(/\.d\.ts$/, '.js');
}

/** Declares a value and, as for a class, the type with the same name. */
function declaration(name, symbol) {
  const node = symbol.declarations[0];
  const holder = ts.isVariableDeclaration(node) ? node.parent.parent : node;
  const doc = ts.getJSDocCommentsAndTags(holder).find(ts.isJSDoc)?.getText();
  const value = `export declare const ${name}: typeof esm.${name};`;
  const lines = doc ? [doc, value] : [value];
  const typed = symbol.declarations.find(
    (each) => ts.isClassDeclaration(each) || ts.isInterfaceDeclaration(each) || ts.isTypeAliasDeclaration(each),
  );
  if (typed) {
    const parameters = typed.typeParameters ?? [];
    const list = (texts) => (texts.length === 0 ? '' : `<${texts.join(', ')}>`);
    const declared = list(parameters.map((parameter) => parameter.getText()));
    lines.push(`export type ${name}${declared} = esm.${name}${list(parameters.map((each) => each.name.text))};`);
  }
  return lines.join('\n');
}

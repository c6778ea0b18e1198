import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

// Lists the exported declarations of src/ without a docstring.

const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => join('src', path));

const isExported = (node) => node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false;

let missing = 0;
for (const path of files) {
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
  const documented = new Set();
  for (const node of source.statements) {
    if (!isExported(node) || ts.isExportDeclaration(node)) continue;
    const names = ts.isVariableStatement(node)
      ? node.declarationList.declarations.map(({ name }) => name.getText())
      : [node.name?.getText() ?? 'default'];
    const hasDoc = ts.getJSDocCommentsAndTags(node).length > 0;
    for (const name of names) {
      // The overloads of a function share the docstring of the first one.
      if (hasDoc) documented.add(name);
      if (documented.has(name)) continue;
      documented.add(name);
      missing++;
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      console.error(`${path}:${line + 1}: '${name}' has no docstring`);
    }
  }
}
if (missing > 0) process.exitCode = 1;
console.error(missing > 0 ? `${missing} exports without a docstring` : 'every export has a docstring');

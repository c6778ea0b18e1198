import { readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript';

// Finds the texts in the sources that users can read, as templates: `{0}`, `{1}` and so on stand for values. A text is
// followed through conditions, constants and functions of its file.

/** Stands for a value, until values are numbered. */
const VALUE = '\u0000';
/** Variants of one text at most. */
const MAX_VARIANTS = 64;

/** A text in the sources. */
export interface SourceText {
  /** Path below `src/`. */
  readonly path: string;
  readonly line: number;
  /** The template. */
  readonly text: string;
}

/** The place of the message among the arguments of an error's constructor, and what the constructor adds. */
interface ErrorClass {
  readonly message: number;
  readonly hint?: number;
  readonly around?: readonly [before: string, after: string];
}

/** Errors whose constructor takes other arguments than code and message. */
const errorClasses: Readonly<Record<string, ErrorClass>> = {
  AddressError: { message: 1, hint: 2 },
  DecodeError: { message: 2, around: ['', ` (at byte ${VALUE})`] },
  ScenarioError: { message: 1, around: [`step ${VALUE}: `, ''] },
  StoreError: { message: 2 },
};
/** Errors of JavaScript: a bug, with a stack. */
const foreignErrors = ['Error', 'RangeError', 'TypeError', 'SyntaxError', 'AggregateError'];

/** Its errors of JavaScript are the reasons of one of Pier. */
const PROOF_FILE = 'spv/verify/proof-file.ts';

const src = new URL('../../../src/', import.meta.url);

/** The sources below some folders of `src/`. */
export function readSources(isRead: (path: string) => boolean): ts.SourceFile[] {
  return readdirSync(src, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts') && isRead(path))
    .sort()
    .map((path) => ts.createSourceFile(path, readFileSync(new URL(path, src), 'utf8'), ts.ScriptTarget.Latest, true));
}

/** Returns the messages and hints of errors, and the parts that functions put into them. */
export function errorTexts(files: readonly ts.SourceFile[]): SourceText[] {
  const finder = new ErrorTexts();
  for (const file of files) finder.read(file);
  finder.readCalls();
  return finder.found;
}

/** Returns the templates that a tag of that name marks. */
export function taggedTexts(files: readonly ts.SourceFile[], tag: string): SourceText[] {
  const found: SourceText[] = [];
  for (const file of files) {
    visit(file, (node) => {
      if (!ts.isTaggedTemplateExpression(node) || node.tag.getText() !== tag) return;
      const { template } = node;
      const parts = ts.isNoSubstitutionTemplateLiteral(template)
        ? [template.text]
        : [template.head.text, ...template.templateSpans.map(({ literal }) => literal.text)];
      found.push(sourceText(node, parts.join(VALUE), false));
    });
  }
  return found;
}

/** A function or method that puts one of its parameters into a text. */
interface Carrier {
  readonly name: string;
  readonly parameter: number;
  /** File of the function; undefined for a method that other files call. */
  readonly path: string | undefined;
}

/** Functions whose parameters are texts for users, besides those that errors show. */
const knownCarriers: readonly Carrier[] = [
  { path: 'devnet/topology/schema-parts.ts', name: 'because', parameter: 0 },
  { path: undefined, name: 'checkRunning', parameter: 0 },
  { path: 'devnet/network/network-waits.ts', name: '#wait', parameter: 0 },
  { path: 'devnet/network/network-waits.ts', name: '#waitFor', parameter: 0 },
  { path: 'devnet/scenario/scenario.ts', name: '#done', parameter: 0 },
  { path: 'devnet/scenario/scenario.ts', name: '#downloaded', parameter: 0 },
  { path: 'devnet/scenario/scenario.ts', name: '#fact', parameter: 1 },
  { path: 'devnet/scenario/scenario.ts', name: '#fact', parameter: 2 },
];
/** Files all of whose texts with several words are for users. */
const wholeFiles: readonly string[] = [
  'control/server/client-errors.ts',
  'node/network-file.ts',
  'node/network-schema.ts',
  'spv/verify/payment-report.ts',
];

class ErrorTexts {
  readonly found: SourceText[] = [];
  readonly #carriers: Carrier[] = [...knownCarriers];
  readonly #calls = new Map<string, ts.CallExpression[]>();

  read(file: ts.SourceFile): void {
    const isWhole = wholeFiles.includes(file.fileName);
    visit(file, (node) => {
      if (isWhole && (ts.isTemplateExpression(node) || ts.isStringLiteralLike(node))) this.#add(node);
      if (ts.isCallExpression(node)) {
        const name = calledName(node);
        const calls = this.#calls.get(name);
        if (calls) calls.push(node);
        else this.#calls.set(name, [node]);
      }
      if (ts.isNewExpression(node)) this.#readNew(node);
      else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.SuperKeyword) this.#readSuper(node);
      else if (isTextProperty(node)) this.#add(node.initializer);
      else if (ts.isShorthandPropertyAssignment(node) && isTextName(node, node.name.text)) this.#add(node.name);
    });
  }

  /** Reads the arguments of functions that carry them, and of functions that carry parameters of theirs to those. */
  readCalls(): void {
    // Reading adds carriers to the list.
    for (const carrier of this.#carriers) {
      for (const call of this.#calls.get(carrier.name) ?? []) {
        const argument = call.arguments[carrier.parameter];
        if (argument && canCall(call.getSourceFile(), carrier)) this.#add(argument);
      }
    }
  }

  #readNew(node: ts.NewExpression): void {
    const name = node.expression.getText();
    if (!node.arguments) return;
    if (name === 'TypeError' && node.getSourceFile().fileName === PROOF_FILE) this.#add(node.arguments[0]!);
    if (!name.endsWith('Error') || foreignErrors.includes(name)) return;
    const { message, hint, around } = errorClasses[name] ?? { message: 1 };
    const text = node.arguments[message];
    if (text) this.#add(text, around);
    const advice = hint === undefined ? undefined : node.arguments[hint];
    if (advice) this.#add(advice);
  }

  #readSuper(node: ts.CallExpression): void {
    const text = node.arguments[1];
    if (text && ts.isStringLiteralLike(node.arguments[0]!)) this.#add(text);
  }

  #add(node: ts.Expression, [before, after]: readonly [string, string] = ['', '']): void {
    for (const text of variantsOf(node)) {
      // Values alone say nothing.
      if (/\p{L}/u.test(text)) this.found.push(sourceText(node, before + text + after));
    }
    for (const { name, parameter } of parametersIn(node)) {
      const path = node.getSourceFile().fileName;
      const isSame = (each: Carrier) => each.name === name && each.parameter === parameter && each.path === path;
      if (!this.#carriers.some(isSame)) this.#carriers.push({ name, parameter, path });
    }
  }
}

/** Returns whether a name in a file can be that of a function: it is declared there, or imported. */
function canCall(file: ts.SourceFile, { name, path }: Carrier): boolean {
  if (path === undefined || file.fileName === path) return true;
  return file.statements.some(
    (statement) =>
      ts.isImportDeclaration(statement) &&
      statement.importClause?.namedBindings !== undefined &&
      ts.isNamedImports(statement.importClause.namedBindings) &&
      statement.importClause.namedBindings.elements.some((each) => each.name.text === name),
  );
}

/** Names of properties that hold texts for users: everywhere, and in some folders. */
function isTextName(node: ts.Node, name: string): boolean {
  if (name === 'hint') return true;
  const { fileName } = node.getSourceFile();
  if (fileName.startsWith('spv/verify/')) return ['reason', 'detail'].includes(name);
  return ['reason', 'error', 'message'].includes(name) && /^(devnet|control)\//.test(fileName);
}

function isTextProperty(node: ts.Node): node is ts.PropertyAssignment {
  return ts.isPropertyAssignment(node) && isTextName(node, node.name.getText());
}

function visit(node: ts.Node, action: (node: ts.Node) => void): void {
  action(node);
  ts.forEachChild(node, (child) => visit(child, action));
}

function sourceText(node: ts.Node, text: string, isTrimmed = true): SourceText {
  const file = node.getSourceFile();
  let index = 0;
  return {
    path: file.fileName,
    line: file.getLineAndCharacterOfPosition(node.getStart()).line + 1,
    text: (isTrimmed ? text.trim() : text).replaceAll(VALUE, () => `{${index++}}`),
  };
}

/** Returns what a called function or method is called. */
function calledName({ expression }: ts.CallExpression): string {
  return ts.isPropertyAccessExpression(expression) ? expression.name.text : expression.getText();
}

/** Returns the texts that an expression can be, with `VALUE` for what is not known. */
function variantsOf(node: ts.Expression, depth = 0): string[] {
  if (depth > 12) return [VALUE];
  const variants = (each: ts.Expression) => variantsOf(each, depth + 1);
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isTemplateExpression(node)) {
    return node.templateSpans.reduce<string[]>(
      (all, { expression, literal }) => joined(joined(all, variants(expression)), [literal.text]),
      [node.head.text],
    );
  }
  if (ts.isBinaryExpression(node)) {
    const { kind } = node.operatorToken;
    // Of two numbers, the sum is one value.
    if (kind === ts.SyntaxKind.PlusToken)
      return joined(variants(node.left), variants(node.right)).map((text) => text.replaceAll(/\0{2,}/g, VALUE));
    if (kind === ts.SyntaxKind.QuestionQuestionToken || kind === ts.SyntaxKind.BarBarToken)
      return [...new Set([...variants(node.left), ...variants(node.right)])];
    if (kind === ts.SyntaxKind.AmpersandAmpersandToken) return variants(node.right);
    return [VALUE];
  }
  if (ts.isConditionalExpression(node)) return [...new Set([...variants(node.whenTrue), ...variants(node.whenFalse)])];
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isNonNullExpression(node))
    return variants(node.expression);
  if (ts.isIdentifier(node)) {
    if (node.text === 'undefined') return [];
    const value = constantOf(node);
    return value === undefined ? [VALUE] : orValue(variants(value));
  }
  if (ts.isElementAccessExpression(node) && ts.isIdentifier(node.expression)) {
    const table = constantOf(node.expression);
    if (table && ts.isObjectLiteralExpression(table)) {
      const values = table.properties.flatMap((each) =>
        ts.isPropertyAssignment(each) ? variants(each.initializer) : [],
      );
      return orValue([...new Set(values)]);
    }
  }
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
    const table = constantOf(node.expression);
    const value =
      table &&
      ts.isObjectLiteralExpression(table) &&
      table.properties.find((each) => each.name?.getText() === node.name.text);
    if (value && ts.isPropertyAssignment(value)) return orValue(variants(value.initializer));
  }
  if (ts.isArrowFunction(node)) return orValue(returnsOf(node).flatMap(variants));
  if (ts.isCallExpression(node)) {
    const called = node.expression;
    if (isTrim(node) && ts.isPropertyAccessExpression(called)) return variants(called.expression);
    const made = ts.isIdentifier(called) ? functionOf(called) : methodOf(called);
    if (made) return orValue([...new Set(returnsOf(made).flatMap(variants))]);
  }
  return [VALUE];
}

/** Returns whether a node removes spaces of a text. */
function isTrim(node: ts.Node): node is ts.CallExpression {
  return (
    ts.isCallExpression(node) &&
    ts.isPropertyAccessExpression(node.expression) &&
    ['trim', 'trimEnd'].includes(node.expression.name.text)
  );
}

/** Returns the texts; a value if none is known. */
function orValue(texts: readonly string[]): string[] {
  return texts.length === 0 || texts.length > MAX_VARIANTS ? [VALUE] : [...texts];
}

function joined(left: readonly string[], right: readonly string[]): string[] {
  const all = left.flatMap((a) => (right.length === 0 ? [a + VALUE] : right.map((b) => a + b)));
  return all.length > MAX_VARIANTS ? left.map((a) => a + VALUE) : all;
}

/** Returns what declares a name that a node uses, within its file. */
function declarationOf(name: ts.Identifier): ts.Node | undefined {
  for (let scope: ts.Node | undefined = name.parent; scope; scope = scope.parent) {
    let declaration: ts.Node | undefined;
    const statements =
      ts.isBlock(scope) || ts.isSourceFile(scope) || ts.isCaseClause(scope) ? scope.statements : undefined;
    for (const statement of statements ?? []) {
      if (ts.isVariableStatement(statement))
        declaration ??= statement.declarationList.declarations.find((each) => bindingOf(each.name, name.text));
      else if (ts.isFunctionDeclaration(statement) && statement.name?.text === name.text) declaration ??= statement;
    }
    if (ts.isFunctionLike(scope)) declaration ??= scope.parameters.find((each) => bindingOf(each.name, name.text));
    if (declaration) return declaration;
  }
  return undefined;
}

function bindingOf(name: ts.BindingName, wanted: string): boolean {
  if (ts.isIdentifier(name)) return name.text === wanted;
  return name.elements.some((each) => ts.isBindingElement(each) && bindingOf(each.name, wanted));
}

function constantOf(name: ts.Identifier): ts.Expression | undefined {
  const declaration = declarationOf(name);
  if (!declaration || !ts.isVariableDeclaration(declaration) || !ts.isIdentifier(declaration.name)) return undefined;
  const { initializer } = declaration;
  return initializer && ts.isNumericLiteral(initializer) ? undefined : initializer;
}

function functionOf(name: ts.Identifier): ts.FunctionLikeDeclaration | undefined {
  const declaration = declarationOf(name);
  if (declaration && ts.isFunctionDeclaration(declaration)) return declaration;
  const value = declaration && ts.isVariableDeclaration(declaration) ? declaration.initializer : undefined;
  return value && ts.isArrowFunction(value) ? value : undefined;
}

/** Returns the method of the same class that `this.name()` calls. */
function methodOf(called: ts.Expression): ts.MethodDeclaration | undefined {
  if (!ts.isPropertyAccessExpression(called) || called.expression.kind !== ts.SyntaxKind.ThisKeyword) return undefined;
  for (let scope: ts.Node | undefined = called.parent; scope; scope = scope.parent) {
    if (!ts.isClassLike(scope)) continue;
    const found = scope.members.find(
      (each) => ts.isMethodDeclaration(each) && each.name.getText() === called.name.text,
    );
    return found as ts.MethodDeclaration | undefined;
  }
  return undefined;
}

function returnsOf(made: ts.FunctionLikeDeclaration): ts.Expression[] {
  if (!made.body) return [];
  if (!ts.isBlock(made.body)) return [made.body];
  const found: ts.Expression[] = [];
  const search = (node: ts.Node): void => {
    if (ts.isReturnStatement(node) && node.expression) found.push(node.expression);
    else if (!ts.isFunctionLike(node)) ts.forEachChild(node, search);
  };
  search(made.body);
  return found;
}

/** Returns the parameters of named functions that a text is made of. */
function parametersIn(node: ts.Expression): { readonly name: string; readonly parameter: number }[] {
  const found: { readonly name: string; readonly parameter: number }[] = [];
  const seen = new Set<ts.Node>();
  const search = (each: ts.Node): void => {
    if (seen.has(each)) return;
    seen.add(each);
    if (ts.isIdentifier(each) && !(ts.isPropertyAccessExpression(each.parent) && each.parent.name === each)) {
      const declaration = declarationOf(each);
      if (declaration && ts.isParameter(declaration) && ts.isIdentifier(declaration.name)) {
        const owner = declaration.parent;
        const name = nameOf(owner);
        const isText = declaration.type === undefined || /\bstring\b/.test(declaration.type.getText());
        if (name !== undefined && isText) found.push({ name, parameter: owner.parameters.indexOf(declaration) });
      } else if (declaration && ts.isVariableDeclaration(declaration) && declaration.initializer) {
        if (ts.isIdentifier(declaration.name)) search(declaration.initializer);
      }
      return;
    }
    if (isTrim(each)) search(each.expression);
    // Of another call, the arguments may be texts or not.
    else if (!ts.isCallExpression(each) && !ts.isArrowFunction(each)) ts.forEachChild(each, search);
  };
  search(node);
  return found;
}

function nameOf(owner: ts.SignatureDeclaration): string | undefined {
  if (owner.name) return owner.name.getText();
  const { parent } = owner;
  return ts.isVariableDeclaration(parent) && ts.isIdentifier(parent.name) ? parent.name.text : undefined;
}

/** What the import rules need to know of one source file, read from TypeScript's syntax tree. */
import ts from 'typescript';

/** Something in a source file that a rule may have an opinion on. */
export interface Mention {
  /** 1-based. */
  readonly line: number;
  readonly text: string;
}

export interface SourceFacts {
  /** Specifiers of imports and exports of every form, types too. */
  readonly imports: readonly Mention[];
  /** Imports whose specifier is computed, so that nobody can say what they load. */
  readonly computedImports: readonly Mention[];
  /** Names taken from a module by an import declaration, as "module.name". */
  readonly importedNames: readonly Mention[];
  /** Every identifier and string, for rules on names. */
  readonly names: readonly Mention[];
  /** Members read from a global object, as "Date.now"; `new Date()` and `Date()` as "Date.now" too. */
  readonly members: readonly Mention[];
}

/** Calls that load what their first argument names. */
const LOADING_CALLS = new Set(['require', 'require.resolve', 'import.meta.resolve']);

/** @param path decides between TypeScript, JavaScript and their forms with markup */
export function readSource(path: string, text: string): SourceFacts {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const imports: Mention[] = [];
  const computedImports: Mention[] = [];
  const importedNames: Mention[] = [];
  const names: Mention[] = [];
  const members: Mention[] = [];

  const at = (node: ts.Node, what: string): Mention => ({
    line: source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1,
    text: what,
  });
  const load = (node: ts.Node, specifier: ts.Node | undefined): void => {
    if (specifier !== undefined && ts.isStringLiteralLike(specifier)) imports.push(at(node, specifier.text));
    else computedImports.push(at(node, node.getText(source)));
  };

  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      load(node, node.moduleSpecifier);
      for (const name of namesOf(node)) importedNames.push(at(node, name));
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
      load(node, node.moduleSpecifier);
    } else if (ts.isExternalModuleReference(node)) {
      load(node, node.expression);
    } else if (ts.isImportTypeNode(node)) {
      load(node, ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined);
    } else if (ts.isCallExpression(node)) {
      const isImport = node.expression.kind === ts.SyntaxKind.ImportKeyword;
      if (isImport || LOADING_CALLS.has(node.expression.getText(source))) load(node, node.arguments[0]);
      if (isNamed(node.expression, 'Date')) members.push(at(node, 'Date.now'));
    } else if (ts.isNewExpression(node)) {
      if (isNamed(node.expression, 'Date') && !node.arguments?.length) members.push(at(node, 'Date.now'));
    } else if (ts.isPropertyAccessExpression(node)) {
      const owner = globalName(node.expression);
      if (owner !== undefined) members.push(at(node, `${owner}.${node.name.text}`));
    } else if (ts.isElementAccessExpression(node)) {
      const owner = globalName(node.expression);
      const member = ts.isStringLiteralLike(node.argumentExpression) ? node.argumentExpression.text : undefined;
      if (owner !== undefined && member !== undefined) members.push(at(node, `${owner}.${member}`));
    } else if (ts.isVariableDeclaration(node) && ts.isObjectBindingPattern(node.name) && node.initializer) {
      const owner = globalName(node.initializer);
      for (const element of owner === undefined ? [] : node.name.elements) {
        members.push(at(element, `${owner}.${(element.propertyName ?? element.name).getText(source)}`));
      }
    } else if (ts.isIdentifier(node) || ts.isStringLiteralLike(node)) {
      names.push(at(node, node.text));
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { imports, computedImports, importedNames, names, members };
}

/** The names that an import takes, as "module.name"; a namespace or default import takes everything. */
function namesOf(node: ts.ImportDeclaration): string[] {
  const module = ts.isStringLiteral(node.moduleSpecifier) ? node.moduleSpecifier.text.replace(/^node:/, '') : '';
  const bindings = node.importClause?.namedBindings;
  if (bindings === undefined || ts.isNamespaceImport(bindings)) return [`${module}.*`];
  return bindings.elements.map((element) => `${module}.${(element.propertyName ?? element.name).text}`);
}

function isNamed(node: ts.Expression, name: string): boolean {
  return globalName(node) === name;
}

/** `Date` and `globalThis.Date` are the same. */
function globalName(node: ts.Expression): string | undefined {
  if (ts.isIdentifier(node)) return node.text;
  if (
    ts.isPropertyAccessExpression(node) &&
    ts.isIdentifier(node.expression) &&
    node.expression.text === 'globalThis'
  ) {
    return node.name.text;
  }
  return undefined;
}

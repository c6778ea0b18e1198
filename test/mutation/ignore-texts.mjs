/** Excludes texts for users from mutation: messages of errors and debug messages of a `Reject`. */
const ignoreTexts = {
  shouldIgnore({ node, parentPath }) {
    const parent = parentPath?.node;
    const isText = node.type === 'TemplateLiteral' || (node.type === 'StringLiteral' && node.value.includes(' '));
    if (!isText || !parent) return undefined;
    const isDetail =
      (parent.type === 'NewExpression' && parent.callee.name?.endsWith('Error')) ||
      (parent.type === 'CallExpression' && parent.callee.name === 'reject' && parent.arguments[2] === node) ||
      (parent.type === 'VariableDeclarator' && parent.id.name === 'debug');
    return isDetail ? 'a text for users' : undefined;
  },
};

export const strykerPlugins = [{ kind: 'Ignore', name: 'texts', value: ignoreTexts }];

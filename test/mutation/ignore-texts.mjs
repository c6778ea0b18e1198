/** Excludes texts for users from mutation: messages of errors, debug messages of a `Reject`, log lines. */
const ignoreTexts = {
  shouldIgnore({ node, parentPath }) {
    if (isLogLine(node)) return 'a log line';
    const parent = parentPath?.node;
    const isText = node.type === 'TemplateLiteral' || (node.type === 'StringLiteral' && node.value.includes(' '));
    if (!isText || !parent) return undefined;
    const isDetail =
      (parent.type === 'NewExpression' && parent.callee.name?.endsWith('Error')) ||
      (parent.type === 'CallExpression' && parent.callee.name === 'reject' && parent.arguments[2] === node) ||
      (parent.type === 'CallExpression' && parent.callee.name === 'corrupt') ||
      (parent.type === 'VariableDeclarator' && parent.id.name === 'debug');
    return isDetail ? 'a text for users' : undefined;
  },
};

/** Returns whether a node is a call like `logger.info(fields, message)`. */
function isLogLine({ type, expression }) {
  const callee = type === 'ExpressionStatement' && expression.type === 'CallExpression' ? expression.callee : undefined;
  const object = callee?.type === 'MemberExpression' ? callee.object : undefined;
  return object?.name === 'logger' || object?.property?.name === 'logger' || object?.property?.id?.name === 'logger';
}

export const strykerPlugins = [{ kind: 'Ignore', name: 'texts', value: ignoreTexts }];

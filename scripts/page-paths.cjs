const layers = require('./layers.cjs').filter(({ page }) => page);

/** Folders of the layers that run in a browser, in part at least. */
exports.pageFolders = layers.map(({ name }) => `src/${name}`);
/** Matches what runs in a browser, once `nodePaths` is taken away. */
exports.pagePaths = layers.map(({ name }) => `^src/${name}/`).join('|');
/** Matches what needs Node in these layers. */
exports.nodePaths = layers
  .flatMap(({ name, node = [] }) => node.map((path) => `^src/${name}/${path}${path.endsWith('.ts') ? '$' : '/'}`))
  .join('|');

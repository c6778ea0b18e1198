const layers = require('./layers.cjs').filter(({ page }) => page);

/** Folders that run in a browser, except what `nodePaths` matches. */
exports.pageFolders = layers.flatMap(({ name, page }) =>
  page === true ? [`src/${name}`] : page.map((folder) => `src/${name}/${folder}`),
);
/** Matches what is in these folders. */
exports.pagePaths = exports.pageFolders.map((folder) => `^${folder}/`).join('|');
/** Matches what needs Node in these layers. */
exports.nodePaths = layers
  .flatMap(({ name, node = [] }) => node.map((path) => `^src/${name}/${path}${path.endsWith('.ts') ? '$' : '/'}`))
  .join('|');

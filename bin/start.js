'use strict';

// This file runs on any Node, to say that one is too old: it has the syntax of ES2015 only, and is CommonJS (see
// package.json beside it). What has newer syntax is in other files, loaded after the check.

// biome-ignore lint/style/useNodejsImportProtocol: old versions of Node do not know the prefix.
const { existsSync } = require('fs');
// biome-ignore lint/style/useNodejsImportProtocol: as above.
const { join } = require('path');
const { engines } = require('../package.json');

/** Returns whether a package that is not part of the bundle is installed. */
function isInstalled(name) {
  try {
    require.resolve(name);
    return true;
  } catch (_) {
    return false;
  }
}

/** Returns major and minor version. */
const numbers = (version) =>
  version
    .match(/(\d+)\.(\d+)/)
    .slice(1)
    .map(Number);

/** Prints why Pier cannot run, as other errors: with --json as JSON. */
function fail(program, code, message, hint) {
  const text = hint === undefined ? message : `${message}. ${hint}`;
  const isJson = process.argv.indexOf('--json') >= 0;
  console.error(isJson ? JSON.stringify({ error: { code, message, hint } }) : `${program}: ${text}`);
  process.exitCode = 1;
}

const found = numbers(process.version);
const least = numbers(engines.node);
const isOld = found[0] < least[0] || (found[0] === least[0] && found[1] < least[1]);

/** Starts a program of the package, or prints why it cannot run. `entry` is its bundle. */
module.exports = function start(program, entry) {
  if (isOld) {
    fail(program, 'old-node', `Node.js ${process.version} is too old: Pier needs ${least.join('.')} or newer`);
  } else if (!isInstalled('lmdb')) {
    fail(
      program,
      'not-installed',
      'the packages that Pier uses are missing',
      `Run 'npm install' in ${join(__dirname, '..')}`,
    );
  } else if (!existsSync(join(__dirname, '..', 'dist', 'cli', entry))) {
    fail(program, 'not-built', 'Pier is not built yet', `Run 'npm run build' in ${join(__dirname, '..')}`);
  } else {
    require('./load.js')(entry);
  }
};

'use strict';

/** Loads a bundle. Old versions of Node do not know the syntax. */
module.exports = (entry) => {
  // The program reports its errors itself.
  void import(`../dist/cli/${entry}`);
};

/** Folders of src/ whose code runs in a page as well: nothing that they load may need Node, or a native package. */
module.exports = ['platform', 'bytes', 'crypto', 'primitives', 'script', 'consensus', 'proofs', 'spv'];

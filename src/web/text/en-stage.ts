/** What the stage says, in English. */
export const stageEn = {
  move: 'Drag a node, or press the arrow keys on it, to move it.',
  arrange: 'Arrange automatically',
  divide: 'Divide …',
  divideHelp: 'Draw a line across links, or choose the nodes of one side.',
  hint: 'Draw a line over the ground to cut the links that it crosses.',
  crosses: 'Links that the line crosses: {0}. Esc cancels.',
  cutLinks: 'Cut {0} links',
  cutLink: 'Cut 1 link',
  noLinks: 'No open link is between them.',
  cancel: 'Cancel',
  proofs: 'proofs: {0}',
};

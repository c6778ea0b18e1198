import { type Accessor, createMemo } from 'solid-js';

/**
 * Returns a list of texts that stays the same object as long as the texts are the same: a view keeps its elements then, with
 * the focus and the clicks that they have.
 */
export function stableList(list: () => readonly string[]): Accessor<readonly string[]> {
  return createMemo(list, [], { equals: (a, b) => a.length === b.length && a.every((text, i) => text === b[i]) });
}

const loaders: (() => Promise<unknown>)[] = [];

/** Marks a part of the page that is loaded when it is first used. Returns the function that loads it. */
export function onDemand<T>(load: () => Promise<T>): () => Promise<T> {
  loaders.push(load);
  return load;
}

/** Loads all of these parts, also those that they bring: from then on the page does without its files. */
export async function loadEverything(): Promise<void> {
  // The iteration reaches what is added meanwhile.
  for (const load of loaders) await load();
}

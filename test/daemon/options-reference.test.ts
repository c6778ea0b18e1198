import { expect, it } from 'vitest';
import { optionsReference } from './options-reference.ts';

it.each([
  ['docs/pierd.md', 'en'],
  ['docs/zh/pierd.md', 'zh'],
] as const)('%s equals the reference generated from the options', async (path, language) => {
  const reason = `${path} is out of date: run \`npm run docs:pierd\``;
  await expect(optionsReference(language), reason).toMatchFileSnapshot(`../../${path}`);
});

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const style = readFileSync(new URL('../../src/web/style.css', import.meta.url), 'utf8');
const themes = {
  light: /^:root \{(.*?)\}/ms.exec(style)![1]!,
  dark: /^:root\[data-theme="dark"\] \{(.*?)\}/ms.exec(style)![1]!,
};

/** Relative luminance (WCAG 2.2) of a colour such as #16181b. */
function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5]
    .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

it.each(Object.entries(themes))('lines of messages stand out from the ground of the %s theme', (_, properties) => {
  const colours = new Map(
    [...properties.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name!, value!]),
  );
  const ground = luminance(colours.get('paper')!);
  const contrast = (name: string) => {
    const [low, high] = [luminance(colours.get(name)!), ground].sort((a, b) => a - b) as [number, number];
    return (high + 0.05) / (low + 0.05);
  };
  const kinds = [...colours.keys()].filter((name) => name.startsWith('kind-'));
  expect(kinds).toHaveLength(6);
  expect(kinds.filter((name) => contrast(name) < 3)).toEqual([]);
  expect(contrast('quiet')).toBeGreaterThan(4.5);
});

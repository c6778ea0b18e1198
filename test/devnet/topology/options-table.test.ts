import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import schema from '../../../topology.schema.json' with { type: 'json' };

// The tables of options in the documents hold those of the schema: none is missing, and none is made up.

const { $schema: _schema, ...ofNetwork } = schema.properties;
const node = schema.properties.nodes.anyOf.find((each) => 'items' in each)!.items!;
const expected = [
  // The options that a file does not have.
  [...Object.keys(ofNetwork), 'signal', 'state'],
  Object.keys(node.properties),
  Object.keys(schema.properties.links.items.properties),
];

describe.each([
  ['docs/test-networks.md', '### All options', '## Topology files'],
  ['docs/zh/test-networks.md', '### 全部选项', '## 拓扑文件'],
])('%s', (path, from, to) => {
  it('lists all options of networks, nodes and links', () => {
    const page = readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
    const tables = page.split(`${from}\n`)[1]!.split(`${to}\n`)[0]!.trim().split('\n\n');
    const listed = tables.map((table) =>
      [...table.matchAll(/^\| `([a-zA-Z0-9]+)` \| [^|]+ \|$/gm)].map(([, name]) => name),
    );
    expect(listed.map((names) => names.toSorted())).toEqual(expected.map((names) => names.toSorted()));
  });
});

import { expect, it } from 'vitest';
import { completionSpec } from '../../../src/cli/completion/completion-spec.ts';
import { createProgram } from '../../../src/cli/program.ts';
import { useTexts } from '../../../src/cli/text/texts.ts';
import { help } from '../../../src/cli/text/zh/help.ts';
import { printedHelp } from '../printed-help.ts';

/** Returns a table that has no text, and notes which ones are looked for. */
function notingTable(): { readonly table: Record<string, string>; readonly asked: Set<string> } {
  const asked = new Set<string>();
  const table = new Proxy<Record<string, string>>(
    {},
    {
      getOwnPropertyDescriptor(_, key) {
        asked.add(String(key));
        return undefined;
      },
    },
  );
  return { table, asked };
}

it('the Chinese help has the texts of the help, and no others', () => {
  const { table, asked } = notingTable();
  const program = createProgram('0');
  printedHelp(program, 'zh', 80, table);
  useTexts({ own: table, foreign: {} });
  completionSpec(program);
  useTexts();
  asked.delete('');
  expect(asked.size).toBeGreaterThan(150);
  expect([...asked].sort()).toEqual(Object.keys(help).sort());
});

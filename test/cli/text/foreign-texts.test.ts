import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Templates } from '../../../src/cli/text/templates.ts';
import { commander } from '../../../src/cli/text/zh/commander.ts';
import { zh } from '../../../src/cli/text/zh/index.ts';
import { zod } from '../../../src/cli/text/zh/zod.ts';
import { foreignTexts } from './foreign-texts.ts';

// What layers below the command say is in their sources. Each text has a translation, and each translation a text.

/** A value in a template, with how it is translated. */
const VALUE = /\{(\d)([?!#]?)\}/g;

const found = foreignTexts();
const texts = new Set(found.map(({ text }) => text));

describe('the texts of errors and hints', () => {
  it('are found in the sources', () => {
    expect(found.filter(({ isDemanded }) => isDemanded).length).toBeGreaterThan(500);
  });

  it('have a Chinese text each', () => {
    const missing = found.filter(({ text, isDemanded }) => isDemanded && !Object.hasOwn(zh.foreign, text));
    expect(missing.map(({ path, line, text }) => `${path}:${line}: ${JSON.stringify(text)}`)).toEqual([]);
  });

  it('are those of the table', () => {
    expect(Object.keys(zh.foreign).filter((text) => !texts.has(text) && !(text in { ...commander, ...zod }))).toEqual(
      [],
    );
  });

  it('are translated by their own template, whatever their values are', () => {
    const templates = new Templates(zh.foreign);
    // A value that must be translated is one that has a translation.
    const fillers = { '#': (i: number) => [`1${i}`, `1${i}`], '!': () => ['a name', '名称'] };
    const plain = (i: number) => [`<v${i}>`, `<v${i}>`];
    for (const [english, chinese] of Object.entries(zh.foreign)) {
      const kinds = new Map([...chinese.matchAll(VALUE)].map(([, index, kind]) => [index!, kind!]));
      const fill = (text: string, language: 0 | 1) =>
        text.replaceAll(VALUE, (_, index: string) => {
          const filler = fillers[kinds.get(index) as keyof typeof fillers] ?? plain;
          return filler(Number(index))[language]!;
        });
      expect([english, templates.translate(fill(english, 0))]).toEqual([english, fill(chinese, 1)]);
    }
  });

  it('have the values of the English ones, each once', () => {
    const values = (text: string) => [...text.matchAll(/\{(\d)[?!#]?\}/g)].map(([, index]) => index).sort();
    for (const [english, chinese] of [...Object.entries(zh.foreign), ...Object.entries(zh.own)]) {
      expect([english, values(chinese)]).toEqual([english, values(english)]);
    }
  });

  it('are those of Zod', () => {
    const schema = z.strictObject({ name: z.string(), count: z.int().min(1), share: z.number().max(5) });
    const issues = [
      { name: 3, count: 0, share: 9, other: 1 },
      { name: 'a', count: 1, share: 1, a: 1, b: 2 },
    ].flatMap((value) =>
      schema.safeParse(value).error!.issues.map(({ message }) => new Templates(zod).translate(message)),
    );
    expect(issues).toEqual([
      ...['应为 string，实为 number', '太小：应不小于 1（number）', '太大：应不大于 5（number）'],
      ...['没有成员 "other"', '没有成员 "a", "b"'],
    ]);
    expect(issues).toHaveLength(Object.keys(zod).length);
  });

  it('quote the commands of the English ones', () => {
    const quoted = (text: string) =>
      [...text.matchAll(/(['`])(?:NODE_ID=\{\d\} )?pier .*?\1/g)].map(([command]) => command).sort();
    for (const [english, chinese] of [...Object.entries(zh.foreign), ...Object.entries(zh.own)]) {
      expect([english, quoted(chinese)]).toEqual([english, quoted(english)]);
    }
  });
});

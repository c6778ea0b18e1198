import { describe, expect, it } from 'vitest';
import { Templates } from '../../../src/cli/text/templates.ts';

const templates = new Templates({
  'a fault': '错误',
  'the file {0} is damaged: {1}': '文件 {0} 已损坏：{1?}',
  '{0} is not {1}': '{0} 不是{1!}',
  'a number': '数字',
  'a number from {0} to {1}': '{0#} 至 {1#} 的数字',
  '{1} of {0}': '{0} 的 {1}',
  "--size '{0}' is wrong": "--size '{0}' 有误",
  'the lines of {0} are:\n{1}': '{0} 的各行是：\n{1}',
  'Try again.': '请再试。',
});

describe('a translation', () => {
  it.each([
    ['a fault', '错误'],
    ['no fault', 'no fault'],
    ['', ''],
    // Values stand where the translation has them, and are translated where it says so.
    ['blocks of a fault', 'a fault 的 blocks'],
    ['the file a fault is damaged: a fault', '文件 a fault 已损坏：错误'],
    ['the file x is damaged: ENOENT', '文件 x 已损坏：ENOENT'],
    // A value that must be translated, or be a number, decides whether the template is meant.
    ['x is not a number', 'x 不是数字'],
    ['x is not here', 'x is not here'],
    ['x is not a number from 1 to 5.5', 'x 不是1 至 5.5 的数字'],
    ['x is not a number from a to b', 'x is not a number from a to b'],
    // Names of members, places and options stay.
    ['nodes[2].role: x is not a number', 'nodes[2].role：x 不是数字'],
    ['net.yaml:3: nodes[2].role: x is not a number', 'net.yaml:3：nodes[2].role：x 不是数字'],
    ['--seed x is not a number', '--seed x 不是数字'],
    ["--size 'x' is wrong", "--size 'x' 有误"],
    ['error: something else', 'error: something else'],
    // Lines and sentences.
    ['a: a fault\n  b: a fault\nsomething else', 'a：错误\n  b：错误\nsomething else'],
    ['the lines of x are:\na fault\nb', 'x 的各行是：\na fault\nb'],
    ['a fault. Try again.', '错误。请再试。'],
    ['a fault. Somehow.', '错误。Somehow.'],
    // Signs in a value have no meaning.
    ['the file $& {1} \\ is damaged: (.*)', '文件 $& {1} \\ 已损坏：(.*)'],
  ])('of %j is %j', (english, chinese) => {
    expect(templates.translate(english)).toBe(chinese);
  });

  it('of a text that contains itself ends', () => {
    const text = `${'x: '.repeat(200)}a fault`;
    expect(templates.translate(text)).toBe(text);
  });
});

import { expect, it } from 'vitest';
import { commander } from '../../../src/cli/text/zh/commander.ts';
import { pierInProcess } from '../../support/pier-in-process.ts';

/** Calls that Commander refuses, with the English template of the message, or of the hint, and what is said in Chinese. */
const refused: readonly [words: readonly string[], template: string, chinese: string][] = [
  [['sendd'], "unknown command '{0}'", "未知的命令 'sendd'"],
  [['help', 'sendd'], "unknown command '{0}'", "未知的命令 'sendd'"],
  [['mine', '--adress'], "unknown option '{0}'", "未知的选项 '--adress'"],
  [['rpc'], "missing required argument '{0}'", "缺少必填的参数 'method'"],
  [['startnode', '--host'], "option '{0}' argument missing", "选项 '--host <address>' 缺少值"],
  [['send', '--to', 'x'], "required option '{0}' not specified", "没有给出必填的选项 '--amount <bitcoins>'"],
  [
    ['up', '--shape', 'x'],
    "option '{0}' argument '{1}' is invalid. Allowed choices are {2}.",
    "选项 '--shape <name>' 的值 'x' 无效，可选 line, ring, star, mesh, random, small-world",
  ],
  [
    ['snapshot', 'x'],
    "command-argument value '{0}' is invalid for argument '{1}'. Allowed choices are {2}.",
    "参数 'action' 的值 'x' 无效，可选 save, list, restore, delete",
  ],
  [
    ['stop', 'a', 'b'],
    "too many arguments for '{0}'. Expected {1} argument but got {2}.",
    "'stop' 的参数过多：应有 1 个，给出了 2 个",
  ],
  [
    ['status', 'a'],
    "too many arguments for '{0}'. Expected {1} arguments but got {2}.",
    "'status' 的参数过多：应有 0 个，给出了 1 个",
  ],
  [
    ['hel'],
    "Did you mean one of {0}? 'pier help' lists the commands.",
    "你要找的是 heal, help 之一吗？用 'pier help' 查看所有命令。",
  ],
  [
    ['mine', '--ty'],
    "Did you mean one of {0}? 'pier help {1}' lists its arguments and options.",
    "你要找的是 --by, --to 之一吗？用 'npx pier help mine' 查看它的参数和选项。",
  ],
];

it.each(refused)('%j is refused in both languages', async (words, template, chinese) => {
  const parts = template.split(/\{\d\}/).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const pattern = new RegExp(parts.join('.*').replace("'pier help", "'(?:npx )?pier help"));
  const english = await pierInProcess(words);
  expect(english.code).toBe(2);
  expect(english.stderr).toMatch(pattern);
  const { code, stderr } = await pierInProcess(['--lang', 'zh', ...words]);
  expect(code).toBe(2);
  expect(stderr).toContain(chinese);
});

it('each text is tested', () => {
  expect(Object.keys(commander).sort()).toEqual([...new Set(refused.map(([, template]) => template))].sort());
});

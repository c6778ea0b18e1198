import { describe, expect, it } from 'vitest';
import { environmentLanguage, takeLanguage } from '../../../src/cli/text/language.ts';
import { pierInProcess } from '../../support/pier-in-process.ts';

describe('the language of the environment', () => {
  it.each([
    [{}, 'en'],
    [{ LANG: 'zh_CN.UTF-8' }, 'zh'],
    [{ LANG: 'zh' }, 'zh'],
    [{ LANG: 'zh_TW' }, 'zh'],
    [{ LANG: 'zh-Hans' }, 'zh'],
    [{ LANG: 'zh.UTF-8' }, 'zh'],
    [{ LANG: 'ZH_cn' }, 'zh'],
    [{ LANG: 'C' }, 'en'],
    [{ LANG: 'POSIX' }, 'en'],
    [{ LANG: 'C.UTF-8' }, 'en'],
    [{ LANG: 'en_US.UTF-8' }, 'en'],
    [{ LANG: 'de_DE' }, 'en'],
    [{ LANG: 'zha' }, 'en'],
    [{ LANG: 'en_zh' }, 'en'],
    [{ LC_MESSAGES: 'zh_CN', LANG: 'en_US' }, 'zh'],
    [{ LC_MESSAGES: 'C', LANG: 'zh_CN' }, 'en'],
    [{ LC_ALL: 'zh_CN', LC_MESSAGES: 'C', LANG: 'C' }, 'zh'],
    [{ LC_ALL: 'C', LC_MESSAGES: 'zh_CN', LANG: 'zh_CN' }, 'en'],
    // An empty variable is not set.
    [{ LC_ALL: '', LC_MESSAGES: '', LANG: 'zh_CN' }, 'zh'],
    [{ LC_CTYPE: 'zh_CN', LANGUAGE: 'zh' }, 'en'],
  ])('of %j is %s', (env, language) => {
    expect(environmentLanguage(env)).toBe(language);
  });
});

describe('--lang', () => {
  const take = (line: string) =>
    takeLanguage(line.split(' '), (command, option) => command === 'up' && option === '--name');

  it.each([
    ['--lang zh up', 'zh', 'up'],
    ['--lang=zh up', 'zh', 'up'],
    ['up --lang zh --nodes', 'zh', 'up --nodes'],
    ['up file --lang=en', 'en', 'up file'],
    ['help up --lang zh', 'zh', 'help up'],
    ['--lang en up --lang zh', 'zh', 'up'],
    ['up --name --lang zh', undefined, 'up --name --lang zh'],
    ['up --nodes --lang zh', 'zh', 'up --nodes'],
    ['up -- --lang zh', undefined, 'up -- --lang zh'],
    ['rpc --lang zh echo', 'zh', 'rpc echo'],
    ['rpc echo --lang zh', undefined, 'rpc echo --lang zh'],
    ['up', undefined, 'up'],
    ['up --language zh', undefined, 'up --language zh'],
  ])('of %j is %s', (line, language, rest) => {
    expect(take(line)).toEqual({ words: rest.split(' '), language, fault: undefined });
  });

  it.each([
    [['--lang', 'fr', 'up'], "option '--lang <language>' argument 'fr' is invalid. Allowed choices are en, zh."],
    [['mine', '--lang=ZH'], "option '--lang <language>' argument 'ZH' is invalid. Allowed choices are en, zh."],
    [['mine', '--lang='], "option '--lang <language>' argument '' is invalid. Allowed choices are en, zh."],
    [['mine', '--lang'], "option '--lang <language>' argument missing"],
  ])('of %j is refused', async (words, message) => {
    const { code, stdout, stderr } = await pierInProcess(words);
    expect({ code, stdout, stderr }).toEqual({
      ...{ code: 2, stdout: '' },
      stderr: `pier: ${message}\n      'npx pier help' lists the commands.\n`,
    });
  });
});

describe('the command', () => {
  const english = 'A Bitcoin network on one machine';
  const chinese = '在一台机器上运行的比特币网络';

  it.each([
    [['help'], {}, english],
    [['help'], { LC_ALL: 'zh_CN.UTF-8' }, chinese],
    [['help', '--lang', 'zh'], {}, chinese],
    [['--lang', 'zh', 'help'], {}, chinese],
    [['--lang=zh', '--help'], {}, chinese],
    [['--lang', 'en', '--help'], { LC_ALL: 'zh_CN.UTF-8' }, english],
    [['help', 'mine', '--lang', 'zh'], {}, '在网络中挖区块'],
    [['mine', '--help', '--lang', 'zh'], {}, '在网络中挖区块'],
    [['--lang', 'zh', 'mine', '--help'], {}, '在网络中挖区块'],
  ])('%j with %j is in that language', async (words, env, text) => {
    const { code, stdout } = await pierInProcess(words, env);
    expect(code).toBe(0);
    expect(stdout).toContain(text);
  });

  it('has tests in English on a machine of any language', () => {
    expect(environmentLanguage(process.env)).toBe('en');
  });

  it('completes words with descriptions in the language', async () => {
    for (const shell of ['zsh', 'fish']) {
      const { stdout } = await pierInProcess(['completion', shell, '--lang', 'zh']);
      expect(stdout).toContain('在网络中挖区块');
    }
  });
});

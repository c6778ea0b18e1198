import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

// Words that CONTRIBUTING.md rules out: pronouns for peers and callers, and metaphors where the field has a verb.
const forbidden =
  /\b(who|whom|whoever|whomever|somebody|someone|nobody|anybody|everybody|hearsay|spoilt|in vain|(hear|hears|heard|tell|tells|told) of|takes? in|come by|mak(e|es|ing) noise)\b/i;

const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { encoding: 'utf8' })
  .split('\n')
  .filter((path) => /\.(ts|tsx|mjs|cjs|js|md|json|yml)$/.test(path))
  .filter((path) => !/(^|\/)(package(-lock)?\.json|README\.zh-CN\.md|check-words\.mjs)$|^docs\/zh\//.test(path));

let found = 0;
for (const path of files) {
  for (const [i, line] of readFileSync(path, 'utf8').split('\n').entries()) {
    const word = forbidden.exec(line)?.[0];
    if (word === undefined) continue;
    found++;
    console.error(`${path}:${i + 1}: '${word}': name the peer, caller or user, or use the field's verb`);
  }
}
if (found > 0) process.exitCode = 1;
console.error(
  found > 0 ? `${found} lines with words that CONTRIBUTING.md rules out` : 'no line with words that are ruled out',
);

import { spawn } from 'node:child_process';

// Runs npm scripts in parallel and prints the output of each when it ends. Fails if one of them fails.

async function run(script) {
  const child = spawn('npm', ['run', '--silent', script], { shell: process.platform === 'win32' });
  const printed = [];
  child.stdout.on('data', (bytes) => printed.push(bytes));
  child.stderr.on('data', (bytes) => printed.push(bytes));
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  process.stdout.write(`> ${script}${code === 0 ? '' : ' failed'}\n${Buffer.concat(printed)}`);
  if (code !== 0) process.exitCode = 1;
}

await Promise.all(process.argv.slice(2).map(run));

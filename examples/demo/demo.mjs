// `npm run demo`: runs three tasks of a ClearML queue as Slurm jobs.
// DEMO_STAND_INS=1 uses neither real Slurm nor the real agent; `-- --install` or CI=true installs Slurm without asking.
// `-- --web` shows the URL of the daemon's status page, and keeps the daemon running until Ctrl-C; without a terminal, only with
// DEMO_STAYS_OPEN=1.
// CLEARML_TEST_API_HOST and its keys name a ClearML server to use instead of a sandbox.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { lastLines, runCommand } from '../../test/set-up/command.mjs';
import { installNodeModules } from '../../test/set-up/node-modules.mjs';
import { showLine, showStep, showTitle } from './screen.mjs';

process.chdir(new URL('../..', import.meta.url).pathname);

if (process.argv.slice(2).some((word) => word === '--help' || word === '-h')) {
  console.log(
    'npm run demo -- [--install] [--web]\n' +
      '  --install  Install a real Slurm with apt-get if you are root and it is missing\n' +
      '  --web      Print the URL of the status page, and run until Ctrl-C',
  );
  process.exit(0);
}
const [unknown] = process.argv.slice(2).filter((word) => word !== '--install' && word !== '--web');
if (unknown !== undefined) {
  console.error(
    `Unknown option ${unknown}: the demo has --install, which installs a real Slurm if you are root, and --web.`,
  );
  process.exit(2);
}

const stop = new AbortController();
const stoppedEarly = new Error('The demo was stopped early, and everything that it had started was stopped too.');
// The reader has exited (`… | head`).
process.stdout.on('error', () => stop.abort(stoppedEarly));
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.on(signal, () => {
    // The second signal ends it at once.
    if (stop.signal.aborted) process.exit(130);
    stop.abort(stoppedEarly);
  });
}

/** The demo runs the compiled program, as users do. */
async function build() {
  if (isBuilt()) return 'dist is up to date';
  const { exitCode, output } = await runCommand('npm', ['run', '--silent', 'build']);
  if (exitCode !== 0) throw new Error(`npm run build failed:\n${lastLines(output, 15)}`);
  return 'compiled to dist';
}

function isBuilt() {
  const built = statSync('dist/cli/main.js', { throwIfNoEntry: false });
  if (built === undefined) return false;
  const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).map((path) => join('src', path));
  return [...sources, 'package-lock.json'].every((path) => statSync(path).mtimeMs <= built.mtimeMs);
}

try {
  showTitle('clearml-agent-slurm: three ClearML tasks become Slurm jobs');
  await showStep('packages', installNodeModules, ({ says = '' }) => says, 'npm ci, a minute or two');
  stop.signal.throwIfAborted();
  await showStep('build', build, (says) => says, 'npm run build');
  stop.signal.throwIfAborted();
  // TypeScript from here on: tsx is one of the installed packages.
  const { register } = await import('tsx/esm/api');
  register();
  const { runDemoOfClone } = await import('./clone.ts');
  const { createInstaller, askAtTerminal } = await import('./installer.ts');
  const installer = createInstaller({
    isAsked: process.argv.includes('--install'),
    isCi: process.env['CI'] === 'true',
    ask: askAtTerminal(stop.signal),
  });
  const isAsExpected = await runDemoOfClone({
    standIns: process.env['DEMO_STAND_INS'] === '1',
    installer,
    hasWeb: process.argv.includes('--web'),
    stop: stop.signal,
  });
  process.exitCode = isAsExpected ? 0 : 1;
} catch (error) {
  showLine(`\n${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = stop.signal.aborted ? 130 : 1;
}

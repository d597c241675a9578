// `stop` and `drain` if the daemon ends just before they signal it.
import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { drainCommand } from '../../src/cli/commands/drain.ts';
import { stopCommand } from '../../src/cli/commands/stop.ts';
import { EXIT } from '../../src/base/exit-codes.ts';

/** Its shell reaps it, so that its process id is free once it has ended. */
async function startProcess(): Promise<number> {
  const shell = spawn('sh', ['-c', 'sleep 600 & echo $!; wait'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [pid] = (await once(shell.stdout, 'data')) as [Buffer];
  return Number(pid.toString());
}

function endProcess(pid: number): void {
  process.kill(pid, 'SIGKILL');
  while (existsSync(`/proc/${pid}`));
}

async function lockFor(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  return JSON.stringify({ host: 'login1', pid, begun: stat.split(' ')[21], since: 0 });
}

for (const [command, exitCode] of [
  [stopCommand, EXIT.ok],
  [drainCommand, EXIT.failed],
] as const) {
  describe(`the ${command.name} command`, () => {
    it('reports that the daemon has ended if the daemon ends during the command', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'stop-'));
      const pid = await startProcess();
      await writeFile(join(folder, 'daemon.lock'), await lockFor(pid), { mode: 0o600 });
      await writeFile(join(folder, 'clearml.conf'), '', { mode: 0o600 });
      let printed = '';

      const code = await command.run(
        { 'state-dir': folder },
        {
          environment: {},
          homeDir: folder,
          workingDir: folder,
          hostName: 'login1',
          stdout: (text) => (printed += text),
          stderr(text) {
            // The messages about other daemons come first.
            if (existsSync(`/proc/${pid}`)) endProcess(pid);
            printed += text;
          },
          errorStream: new PassThrough(),
          isTerminal: false,
          startedAs: [],
          stop: new AbortController().signal,
          onSignal: () => () => undefined,
        },
      );
      await rm(folder, { recursive: true });

      expect(printed).to.equal(
        `Process ${pid} has already ended. Its jobs keep running; the daemon tracks them again when it restarts.\n`,
      );
      expect(code).to.equal(exitCode);
    });
  });
}

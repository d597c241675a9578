// Starts a private ssh-agent for a test.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startDaemon } from './foreground-daemon.ts';

const execute = promisify(execFile);

export interface TestAgent {
  readonly socket: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** @param keyFiles private keys that it holds */
export async function startAgent(keyFiles: readonly string[]): Promise<TestAgent> {
  const folder = mkdtempSync('/tmp/agent-');
  const socket = join(folder, 'socket');
  const daemon = await startDaemon({ program: 'ssh-agent', args: ['-D', '-a', socket], logPath: join(folder, 'log') });
  const env = { ...process.env, SSH_AUTH_SOCK: socket };
  // It binds its socket before it listens. The exit code 2 of ssh-add means that no agent answers.
  const listens = (): Promise<boolean> =>
    execute('ssh-add', ['-l'], { env }).then(
      () => true,
      (error: unknown) => error instanceof Error && 'code' in error && error.code === 1,
    );
  await daemon.untilReady(async () => existsSync(socket) && (await listens()));
  await execute('ssh-add', ['-q', ...keyFiles], { env });
  return {
    socket,
    async [Symbol.asyncDispose]() {
      await daemon.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

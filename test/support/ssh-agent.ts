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
  await daemon.untilReady(() => existsSync(socket));
  await execute('ssh-add', ['-q', ...keyFiles], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
  return {
    socket,
    async [Symbol.asyncDispose]() {
      await daemon.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

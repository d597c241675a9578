// Opens an SSH master connection with the system's ssh, as a user does.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { SshTarget } from '../../src/transport/ssh-target.ts';
import { TIMEOUT_MS, waitUntil } from './wait-until.ts';

const execute = promisify(execFile);

export interface UserSsh {
  /** A file like ~/.ssh/config in which the host is called `cluster`. */
  readonly config: string;
  readonly folder: string;
  /** Opens the shared connection, like `ssh -fNM cluster`, and answers every prompt with this text. */
  openMaster(answer?: string): Promise<void>;
  closeMaster(): Promise<void>;
  hasMaster(): Promise<boolean>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** @param more further lines for the host, such as ProxyJump */
export function prepareUserSsh(target: SshTarget, more: readonly string[] = []): UserSsh {
  // A socket's path has room for a hundred bytes only.
  const folder = mkdtempSync('/tmp/u-ssh-');
  const config = join(folder, 'config');
  const lines = [
    'Host cluster',
    `HostName ${target.host}`,
    `Port ${String(target.port)}`,
    `User ${target.user}`,
    ...target.identityFiles.map((file) => `IdentityFile ${file}`),
    'IdentitiesOnly yes',
    ...target.hostKeys.knownHostsFiles.map((file) => `UserKnownHostsFile ${file}`),
    `ControlPath ${folder}/%C`,
    ...more,
    '',
  ];
  writeFileSync(config, lines.join('\n'));

  async function closeMaster(): Promise<void> {
    await execute('ssh', ['-F', config, '-O', 'exit', 'cluster']).catch(() => undefined);
    // It returns before the master has removed its socket.
    await waitUntil('the master to end', async () => !(await hasMaster()));
  }

  async function hasMaster(): Promise<boolean> {
    return execute('ssh', ['-F', config, '-O', 'check', 'cluster']).then(
      () => true,
      () => false,
    );
  }

  return {
    config,
    folder,
    async openMaster(answer) {
      // In the background it keeps our stderr open: do not wait for its end.
      const words = ['-c', 'exec ssh -F "$1" -T -fNM cluster > "$2" 2>&1', 'sh', config, join(folder, 'log')];
      const env = answer === undefined ? process.env : { ...process.env, ...answersBy(folder, answer) };
      await execute('sh', words, { timeout: TIMEOUT_MS, env });
      // sshd logs the login before it serves a session, but may not have when ssh goes to the background. Without the master this would
      // be a login.
      const session = ['-F', config, '-o', 'ProxyCommand=false', '-T', 'cluster', 'true'];
      await execute('ssh', session, { timeout: TIMEOUT_MS }).catch(() => undefined);
    },
    closeMaster,
    hasMaster,
    async [Symbol.asyncDispose]() {
      await closeMaster();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What has ssh ask a program rather than a terminal. */
function answersBy(folder: string, answer: string): Record<string, string> {
  const program = join(folder, 'answer');
  writeFileSync(program, `#!/bin/sh\necho '${answer}'\n`, { mode: 0o700 });
  return { SSH_ASKPASS: program, SSH_ASKPASS_REQUIRE: 'force' };
}

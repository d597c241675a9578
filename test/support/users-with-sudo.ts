// Unix users with sudo for a test: what only they may read, what they run, and the file in /etc/sudoers.d. Needs root.
import { execFile } from 'node:child_process';
import { chmodSync, chownSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { plainly } from './as-user.ts';
import { addAccount, removeAccount, type TestAccount } from './sshd.ts';

const execute = promisify(execFile);

export interface TestUser extends TestAccount {
  /** Runs a program as this user in a clean environment; resolves also if it fails. */
  run(program: string, ...args: string[]): Promise<Outcome>;
  /** Writes a file that only this user can read into the home directory. */
  write(name: string, text: string): void;
}

export interface Outcome {
  readonly code: number;
  readonly output: string;
}

/** A user whose home no other user can enter. `removeUser` takes it away again. */
export async function addUser(variables: Readonly<Record<string, string>> = {}): Promise<TestUser> {
  const account = await addAccount({ shell: '/bin/bash' });
  chmodSync(account.home, 0o700);
  const env = { PATH: '/usr/bin:/bin', HOME: account.home, USER: account.name, LOGNAME: account.name, ...variables };
  return {
    ...account,
    async run(program, ...args) {
      const [command = '', ...words] = [...plainly(account.name), program, ...args];
      try {
        const { stdout, stderr } = await execute(command, words, { env, cwd: account.home });
        return { code: 0, output: stdout + stderr };
      } catch (error) {
        const { code, stdout, stderr } = error as { code?: unknown; stdout?: string; stderr?: string };
        if (typeof code !== 'number') throw error;
        return { code, output: `${stdout ?? ''}${stderr ?? ''}` };
      }
    },
    write(name, text) {
      const path = join(account.home, name);
      writeFileSync(path, text, { mode: 0o600 });
      chownSync(path, account.uid, account.uid);
    },
  };
}

export const removeUser = removeAccount;

/** A name that sudo reads: it skips files with a dot. */
const SUDOERS = `/etc/sudoers.d/clearml-agent-slurm-test-${String(process.pid)}`;

/** Checks the file as an admin does, and installs it. @throws Error with the message of visudo */
export async function installSudoers(text: string): Promise<void> {
  const draft = `/tmp/sudoers-test-${String(process.pid)}`;
  writeFileSync(draft, text, { mode: 0o440 });
  try {
    await execute('visudo', ['-c', '-f', draft]);
    // sudo never finds a part of the file, or none.
    await execute('install', ['-m', '0440', draft, `${SUDOERS}.new`]);
    renameSync(`${SUDOERS}.new`, SUDOERS);
  } finally {
    rmSync(draft);
  }
}

export function removeSudoers(): void {
  rmSync(SUDOERS, { force: true });
}

// Real accounting for the private cluster: slurmdbd with a private MariaDB, and the accounts and QOS of an admin.
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { DaemonCommand } from './foreground-daemon.ts';

const execute = promisify(execFile);

/** The account of the user who runs the tests. */
export const ACCOUNT = 'lab';

/** A QOS in which a user may have one job, waiting or running; a further one is not taken. */
export const ONE_JOB_QOS = 'one-job';

export interface AccountingOptions {
  readonly folder: string;
  readonly clusterName: string;
  readonly userName: string;
  /** Where slurmdbd listens. */
  readonly port: number;
}

/** The lines of slurm.conf that record jobs, and bind them to accounts, limits and QOS (slurm.conf(5)). */
export function accountingLines(folder: string, port: number): string[] {
  return [
    'AccountingStorageType=accounting_storage/slurmdbd',
    'AccountingStorageHost=127.0.0.1',
    `AccountingStoragePort=${String(port)}`,
    // With slurmdbd Slurm speaks through this socket of munge, whatever AuthInfo says.
    `AccountingStoragePass=${folder}/munge.socket`,
    'AccountingStorageEnforce=associations,limits,qos',
  ];
}

/** Where the database listens once it is ready. */
export function databaseSocket(folder: string): string {
  return join(folder, 'database.socket');
}

/** Creates an empty database in the directory, and the command of its server: without network, open to all users of its socket. */
export async function prepareDatabase(folder: string): Promise<Omit<DaemonCommand, 'logPath'>> {
  const data = join(folder, 'database');
  mkdirSync(data, { mode: 0o700 });
  const asRoot = process.getuid?.() === 0 ? ['--user=root'] : [];
  // In a shared directory, another server removes its temporary tables when it starts.
  const common = ['--no-defaults', `--datadir=${data}`, `--tmpdir=${folder}`, '--innodb-log-file-size=8M', ...asRoot];
  await execute('mariadb-install-db', [...common, '--auth-root-authentication-method=normal', '--skip-test-db']);
  return {
    program: 'mariadbd',
    args: [...common, `--socket=${databaseSocket(folder)}`, '--skip-networking', '--skip-grant-tables'],
  };
}

/** Writes the configuration of slurmdbd beside slurm.conf, where it looks for it (slurmdbd.conf(5)), and gives its command. */
export function prepareSlurmdbd(
  { folder, userName, port }: AccountingOptions,
  env: NodeJS.ProcessEnv,
): Omit<DaemonCommand, 'logPath'> {
  const lines = [
    'AuthType=auth/munge',
    `AuthInfo=socket=${folder}/munge.socket`,
    'DbdHost=localhost',
    `DbdPort=${String(port)}`,
    `SlurmUser=${userName}`,
    `PidFile=${folder}/slurmdbd.pid`,
    'StorageType=accounting_storage/mysql',
    'StorageHost=localhost',
    'StorageLoc=accounting',
    '',
  ];
  writeFileSync(join(folder, 'slurmdbd.conf'), lines.join('\n'), { mode: 0o600 });
  // The variable is the database client's own: slurmdbd has no setting for the path of a socket.
  return { program: 'slurmdbd', args: ['-D'], env: { ...env, MYSQL_UNIX_PORT: databaseSocket(folder) } };
}

/** Sets up the cluster, the account and the QOS. Before the controller starts: it refuses to where accounting does not know its cluster. */
export async function addAccounts(
  { clusterName, userName }: AccountingOptions,
  sacctmgr: (...args: readonly string[]) => Promise<unknown>,
): Promise<void> {
  await sacctmgr('add', 'cluster', clusterName);
  await sacctmgr('add', 'qos', ONE_JOB_QOS, 'MaxSubmitJobsPerUser=1');
  await sacctmgr('add', 'account', ACCOUNT, `Cluster=${clusterName}`, `QOS=normal,${ONE_JOB_QOS}`, 'DefaultQOS=normal');
  await sacctmgr('add', 'user', userName, `Account=${ACCOUNT}`, `DefaultAccount=${ACCOUNT}`);
}

// Maps errors to messages and exit codes.
import {
  CredentialsRejectedError,
  ServerRefusedError,
  ServerUnreachableError,
  ServerUnusableError,
} from '../clearml/errors.ts';
import { ConfigError, NoCredentialsError, UnknownSettingError } from '../config/errors.ts';
import { AlreadyRunningError, StateDirectoryError, StateDirectoryLostError } from '../daemon/journal/lock.ts';
import { JournalError } from '../daemon/journal/journal.ts';
import {
  CommandNotFoundError,
  CommandTimeoutError,
  ConnectionLostError,
  HostUnreachableError,
} from '../transport/errors.ts';
import { SshConfigError } from '../transport/ssh2/find-ssh2-target.ts';
import { ListenError, InvalidSnapshotError, PortInUseError } from '../sandbox/start-errors.ts';
import { SlurmUnavailableError } from '../slurm/errors.ts';
import { TemplateError } from '../sbatch-template/errors.ts';
import type { CommandContext } from './command.ts';
import { EXIT } from '../base/exit-codes.ts';
import { Interrupted, isFromAbort } from './interrupted.ts';
import { knownSecrets } from '../assembly/process-context.ts';
import { UntrustedPathError } from '../assembly/refuse-untrusted-files.ts';
import { UsageError } from '../base/usage-error.ts';

type ErrorClass = abstract new (...args: never[]) => Error;

const CODES: readonly (readonly [ErrorClass, number])[] = [
  [UsageError, EXIT.usage],
  [PortInUseError, EXIT.usage],
  [ListenError, EXIT.usage],
  [InvalidSnapshotError, EXIT.cannotCreate],
  [ConfigError, EXIT.configuration],
  [NoCredentialsError, EXIT.configuration],
  [UnknownSettingError, EXIT.configuration],
  [SshConfigError, EXIT.configuration],
  [TemplateError, EXIT.configuration],
  [UntrustedPathError, EXIT.configuration],
  [ServerUnusableError, EXIT.configuration],
  [CredentialsRejectedError, EXIT.refused],
  [ServerRefusedError, EXIT.failed],
  [ServerUnreachableError, EXIT.unavailable],
  [SlurmUnavailableError, EXIT.unavailable],
  [CommandNotFoundError, EXIT.unavailable],
  [CommandTimeoutError, EXIT.unavailable],
  [ConnectionLostError, EXIT.unavailable],
  [HostUnreachableError, EXIT.unavailable],
  [JournalError, EXIT.cannotCreate],
  [StateDirectoryError, EXIT.cannotCreate],
  [StateDirectoryLostError, EXIT.tryAgain],
  [AlreadyRunningError, EXIT.tryAgain],
];

const DENIALS: ReadonlySet<unknown> = new Set(['EACCES', 'EPERM']);
const WHO =
  ' Run the command as the owner of this file, such as the Unix user of the daemon, or change its permissions.';

/** Errors of the system that no program can prevent (errno(3)); others, such as ENOENT, may be a bug. */
const OF_FILE_SYSTEM: ReadonlySet<unknown> = new Set([
  ...DENIALS,
  ...['EROFS', 'ENOSPC', 'EDQUOT', 'EIO', 'ESTALE', 'ENOTDIR', 'EISDIR', 'ELOOP', 'ENAMETOOLONG', 'EMFILE', 'ENFILE'],
]);

function isOfFileSystem(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error && OF_FILE_SYSTEM.has(error.code);
}

/**
 * Prints the message to standard error, and returns the exit code. An unexpected error that is not the file system's is a bug: its stack
 * is printed. After Ctrl-C nothing is printed.
 */
export function explain(error: unknown, context: Pick<CommandContext, 'stderr' | 'stop'>): number {
  const { stop } = context;
  const stderr = (text: string): void => {
    context.stderr(knownSecrets(context).redact(text));
  };
  const code = CODES.find(([kind]) => error instanceof kind)?.[1];
  if (code !== undefined && error instanceof Error) {
    stderr(`clearml-agent-slurm: ${error.message}\n`);
    return code;
  }
  if (stop.reason instanceof Interrupted && isFromAbort(stop, error)) return stop.reason.exitCode;
  if (isOfFileSystem(error)) {
    stderr(`clearml-agent-slurm: ${error.message}.${DENIALS.has(error.code) ? WHO : ''}\n`);
    return EXIT.failed;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  stderr(`clearml-agent-slurm: unexpected error. Please report this bug with the following lines:\n${stack}\n`);
  return EXIT.failed;
}

// One small shell on this machine that starts one program after the other, because starting one from a large process takes long.
import { spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { quoteWord } from '../base/shell-word.ts';
import { CommandNotFoundError, ConnectionLostError, HostUnreachableError } from './errors.ts';
import { FIND_PROGRAM } from './find-program.ts';
import { trackProgram } from './running-program.ts';
import type { Transport, Command, CommandResult } from './transport.ts';
import { exitStatus, type ExitStatus } from './exit-status.ts';
import { LOCAL_NAME, localEnvironment, type LocalTransportOptions } from './local.ts';
import {
  openUnlinkedFile,
  openUnlinkedPipes,
  pathOfDescriptor,
  type UnlinkedFile,
  type UnlinkedPipe,
} from './unlinked-files.ts';
import { KILL_GRACE_MS, killGroup } from './process-group.ts';
import { randomToken } from './random-token.ts';
import { cleanEnvironmentArgs, UNSET_OWN_VARIABLES } from './clean-environment.ts';

export interface LocalShell {
  /** Whether it can be given another command. */
  isUsable(): boolean;
  /** @throws NotDispatchedError when the command could not be given to it: surely nothing was run; and what `Host.run` throws */
  run(command: Command, signals: readonly AbortSignal[]): Promise<CommandResult>;
  /** Ends it; it is not to be in use. */
  close(): Promise<void>;
}

/** Thrown when a command could not be given to a shell: surely nothing was run, and another way may be tried. */
export class NotDispatchedError extends Error {
  override readonly name = 'NotDispatchedError';
}

/** What the shell has beside its three streams. */
const FD = { input: 3, script: 4, out: 5, err: 6 } as const;

/**
 * A line tells that a whole script is in its file. One that is cut off, because we were killed, tells nothing. What became of it is
 * said when the file was read to its end: it may be filled anew from then on.
 */
const TAKE_SCRIPTS = `${FIND_PROGRAM}\nwhile read -r go; do . ${pathOfDescriptor(FD.script)}; echo "$outcome"; done`;

/** What the shell says of a command after its nonce, if not an exit code. */
const NO_FOLDER = 'no-folder';
const NO_PROGRAM = 'no-program';

/** @param here for what must be started to make one. @throws NotDispatchedError when it can't be had */
export async function openLocalShell(
  options: LocalTransportOptions,
  folder: string,
  here: Transport,
): Promise<LocalShell> {
  const files: { readonly fd: number; readonly close: () => void }[] = [];
  function keep<File extends (typeof files)[number]>(file: File): File {
    files.push(file);
    return file;
  }
  try {
    const input = keep(openUnlinkedFile(folder));
    const script = keep(openUnlinkedFile(folder));
    const [out, err] = (await openUnlinkedPipes(here, folder)).map(keep) as [UnlinkedPipe, UnlinkedPipe];
    const shell = spawnShell(
      localEnvironment(options),
      files.map(({ fd }) => fd),
    );
    void shell.hasEnded.then(() => files.forEach(({ close }) => close()));
    return giveCommands(shell, { input, script, out, err }, options);
  } catch (error) {
    for (const file of files) file.close();
    throw new NotDispatchedError('no shell could be started', { cause: error });
  }
}

interface SpawnedShell {
  readonly pid: number;
  readonly hasEnded: Promise<void>;
  /** Has it take the script that is in its file. */
  readonly go: () => void;
  /** Called with each line that it prints. */
  onLine: (line: string) => void;
  readonly end: () => void;
}

function spawnShell(env: Readonly<Record<string, string>>, fds: readonly number[]): SpawnedShell {
  const child = spawn('/bin/sh', ['-c', TAKE_SCRIPTS], {
    cwd: '/',
    env,
    // As a program that is started without a shell: it can be ended with everything it started, and no Ctrl-C ends it.
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore', ...fds],
  });
  // Told by the missing process id, or by its end.
  child.on('error', () => undefined);
  const { pid, stdin, stdout } = child;
  if (pid === undefined || stdin === null || stdout === null) throw new Error('/bin/sh could not be started');
  stdin.on('error', () => undefined);
  // Between commands nothing of it keeps us from ending; it ends with us, because its input does.
  child.unref();
  if (stdin instanceof Socket) stdin.unref();
  if (stdout instanceof Socket) stdout.unref();

  const shell: SpawnedShell = {
    pid,
    hasEnded: new Promise((resolve) => child.once('exit', () => resolve())),
    go: () => stdin.write('go\n'),
    onLine: () => undefined,
    end: () => stdin.end(),
  };
  createInterface(stdout).on('line', (line) => shell.onLine(line));
  return shell;
}

interface ShellFiles {
  readonly input: UnlinkedFile;
  readonly script: UnlinkedFile;
  readonly out: UnlinkedPipe;
  readonly err: UnlinkedPipe;
}

function giveCommands(shell: SpawnedShell, files: ShellFiles, options: LocalTransportOptions): LocalShell {
  const { path, workingDirectory } = options;
  let isOpen = true;
  void shell.hasEnded.then(() => (isOpen = false));

  /** What the shell says of the command, or undefined when it ended before. */
  function report(nonce: string): Promise<string | undefined> {
    return new Promise((resolve) => {
      shell.onLine = (line) => {
        if (line.startsWith(nonce)) resolve(line.slice(nonce.length + 1));
      };
      void shell.hasEnded.then(() => resolve(undefined));
    });
  }

  async function untilEnded(program: string, nonce: string, streams: readonly Readable[]): Promise<ExitStatus> {
    const heard = Promise.all(streams.map((stream) => finished(stream)));
    // It may fail before it is awaited below, which is where it is thrown.
    heard.catch(() => undefined);
    const said = await report(nonce);
    if (said === NO_FOLDER || said === NO_PROGRAM) {
      // Nobody opened the pipes, so they have no end.
      for (const stream of streams) stream.destroy();
      if (said === NO_PROGRAM) throw new CommandNotFoundError(program, path, LOCAL_NAME);
      throw new HostUnreachableError(`${program} can't be started in ${workingDirectory}: there is no such folder`);
    }
    await heard;
    if (said === undefined) throw new ConnectionLostError(`the shell that started ${program} was ended`);
    return exitStatus(Number(said));
  }

  return {
    isUsable: () => isOpen,
    async run(command, signals) {
      // It may have been told to stop while the shell was being opened.
      for (const signal of signals) signal.throwIfAborted();
      const nonce = randomToken();
      const { stdin = '' } = command;
      let streams: [Readable, Readable];
      try {
        if (stdin !== '') files.input.fill(stdin);
        files.script.fill(localScript(command, workingDirectory, nonce));
        streams = [files.out.read(), files.err.read()];
      } catch (error) {
        throw new NotDispatchedError('the command could not be written to a file', { cause: error });
      }
      const [stdout, stderr] = streams;
      const giveUp = (): void => streams.forEach((stream) => stream.destroy());
      const ended = untilEnded(command.program, nonce, streams);
      shell.go();
      try {
        return await trackProgram({ group: shell.pid, stdout, stderr, ended, giveUp }, command, signals);
      } catch (error) {
        // Whoever runs past its deadline is ended with the shell.
        if (!(error instanceof CommandNotFoundError || error instanceof HostUnreachableError)) isOpen = false;
        throw error;
      }
    },
    async close() {
      shell.end();
      const kill = setTimeout(() => killGroup(shell.pid, 'SIGKILL'), KILL_GRACE_MS);
      await shell.hasEnded;
      clearTimeout(kill);
    },
  };
}

/** What the shell reads, in place of the last command's. */
function localScript({ program, args, env = {}, stdin = '' }: Command, folder: string, nonce: string): string {
  const input = stdin === '' ? '/dev/null' : pathOfDescriptor(FD.input);
  const streams = `< ${input} > ${pathOfDescriptor(FD.out)} 2> ${pathOfDescriptor(FD.err)}`;
  const closed = Object.values(FD).map((fd) => `${fd}<&-`);
  return [
    'absolute_path "$PATH"',
    `if ! cd -- ${quoteWord(folder)} 2> /dev/null; then outcome='${nonce} ${NO_FOLDER}'`,
    `elif ! find_program ${quoteWord(program)}; then outcome='${nonce} ${NO_PROGRAM}'`,
    'else',
    `  ${UNSET_OWN_VARIABLES}`,
    `  ${[cleanEnvironmentArgs(args, env), streams, ...closed].join(' ')}`,
    `  outcome="${nonce} $?"`,
    'fi',
    '',
  ].join('\n');
}

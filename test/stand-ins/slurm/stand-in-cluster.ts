// A stand-in for a Slurm cluster: the controller behind a socket, and the commands that talk to it.
import { mkdirSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { systemClock, type Clock } from '../../../src/base/clock.ts';
import { prepareCommand, runCommand } from './commands/run-command.ts';
import { createController, type Controller } from './controller.ts';
import { applyFault, takeFault } from './faults.ts';
import { installStandInCommands } from './install-commands.ts';
import { STAND_IN_DEFAULTS, type StandInSettings } from './settings.ts';
import { openSpool } from './spool.ts';
import { commandCall, receive, SOCKET_NAME, type CommandAnswer } from './wire.ts';

export interface StandInCluster {
  /** To be put first on PATH: sbatch, squeue, scancel, sacct, sinfo, scontrol and srun. */
  readonly commandsDir: string;
  /** Where faults are planned (`planFault`). */
  readonly stateDir: string;
  readonly controller: Pick<Controller, 'end' | 'requeue' | 'revokeStart' | 'forgetNewest' | 'remembered'>;
  /** From now on no command reaches the controller, and running commands are killed; jobs continue. */
  stopListening(): Promise<void>;
  listen(): Promise<void>;
  /** Ends all jobs. The state directory keeps the list of squeue. */
  close(): Promise<void>;
}

export interface StandInOptions {
  /** Made if missing, private. Not too long a path: it holds a socket. */
  readonly stateDir: string;
  readonly settings?: Partial<StandInSettings>;
  /** What the commands start: see `installStandInCommands`. */
  readonly program?: readonly string[] | undefined;
  readonly clock?: Clock;
}

/** Thrown when the state directory is unusable: its path is too long, or another stand-in cluster uses it. */
export class StateDirectoryError extends Error {
  override readonly name = 'StateDirectoryError';
}

/** The longest portable path of a socket (sun_path of unix(7), less one). */
const MAX_SOCKET_PATH_BYTES = 103;

/** @throws StateDirectoryError */
export async function startStandInCluster(options: StandInOptions): Promise<StandInCluster> {
  const { stateDir, clock = systemClock } = options;
  const settings: StandInSettings = { ...STAND_IN_DEFAULTS, ...options.settings };
  const socketPath = join(stateDir, SOCKET_NAME);
  await refuseUnusable(stateDir, socketPath);
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const commandsDir = join(stateDir, 'bin');
  installStandInCommands(commandsDir, stateDir, options.program);
  const controller = createController(settings, openSpool(stateDir), clock);
  const connections = new Set<Socket>();
  const closing = new AbortController();
  let server: Server | undefined;

  async function answer(text: string): Promise<CommandAnswer> {
    const call = commandCall.parse(JSON.parse(text));
    const prepared = prepareCommand(call);
    if (prepared !== undefined) return prepared;
    const fault = takeFault(stateDir, call.program);
    if (fault === undefined) return runCommand(call, { controller, settings, clock });
    await clock.sleep(fault.delayBeforeMs, closing.signal);
    const answered = fault.isCarriedOut ? runCommand(call, { controller, settings, clock }) : NO_ANSWER;
    await clock.sleep(fault.delayAfterMs, closing.signal);
    return applyFault(answered, fault);
  }

  async function serve(socket: Socket): Promise<void> {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
    // The request of a caller that was killed while it waited is still executed.
    socket.on('error', () => socket.destroy());
    const answered = await receive(socket).then(answer).catch(explain);
    socket.end(JSON.stringify(answered));
  }

  async function listen(): Promise<void> {
    rmSync(socketPath, { force: true });
    const listening = createServer({ allowHalfOpen: true }, (socket) => void serve(socket));
    await new Promise<void>((resolve, reject) => {
      listening.once('error', reject);
      listening.listen(socketPath, resolve);
    });
    server = listening;
  }

  async function stopListening(): Promise<void> {
    const listening = server;
    server = undefined;
    if (listening === undefined) return;
    for (const connection of connections) connection.destroy();
    await new Promise((resolve) => listening.close(resolve));
  }

  await listen();
  return {
    commandsDir,
    stateDir,
    controller,
    stopListening,
    listen,
    async close() {
      closing.abort();
      await stopListening();
      await controller.close();
    },
  };
}

const NO_ANSWER: CommandAnswer = { kind: 'done', exitCode: 0, stdout: '', stderr: '' };

function explain(error: unknown): CommandAnswer {
  return { kind: 'done', exitCode: 1, stdout: '', stderr: `the stand-in for Slurm failed: ${String(error)}\n` };
}

async function refuseUnusable(stateDir: string, socketPath: string): Promise<void> {
  if (Buffer.byteLength(socketPath) > MAX_SOCKET_PATH_BYTES) {
    throw new StateDirectoryError(`the path ${stateDir} is too long for the socket in it: choose a shorter one`);
  }
  const answers = await new Promise<boolean>((resolve) => {
    const socket = createConnection(socketPath, () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
  if (answers)
    throw new StateDirectoryError(`another stand-in cluster uses ${stateDir}: stop it, or choose another folder`);
}

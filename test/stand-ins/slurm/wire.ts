// What a stand-in command and the stand-in cluster say to each other: one JSON text there, one back (bin/stand-in-command.js).
import type { Socket } from 'node:net';
import * as z from 'zod';

export const STAND_IN_COMMANDS = ['sbatch', 'squeue', 'scancel', 'sacct', 'sinfo', 'scontrol', 'srun'] as const;

export const commandName = z.enum(STAND_IN_COMMANDS);

export type CommandName = z.infer<typeof commandName>;

export const commandCall = z.object({
  program: commandName,
  args: z.array(z.string()),
  /** For sbatch, when it was asked for it. */
  script: z.string().nullable(),
  workDir: z.string(),
  user: z.string(),
  environment: z.record(z.string(), z.string()),
});

export type CommandCall = z.infer<typeof commandCall>;

/** The command prints this and exits. */
export interface CommandReply {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface TaskStart {
  readonly program: string;
  readonly args: readonly string[];
  /** Added to the environment of the one who asked. */
  readonly environment: Readonly<Record<string, string>>;
}

export type CommandAnswer =
  | ({ readonly kind: 'done' } & CommandReply)
  /** Ask again with the script: from this file, or from standard input. */
  | { readonly kind: 'script-wanted'; readonly file: string | null }
  /** Run these at once, and exit with the highest of their exit codes. */
  | { readonly kind: 'run-tasks'; readonly tasks: readonly TaskStart[] };

/** In the cluster's private folder: who can reach it can run what he likes as its owner. */
export const SOCKET_NAME = 'socket';

/** All that the other side sends until it has no more to say. Its own side of the socket stays open. */
export function receive(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  return new Promise((resolve, reject) => {
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    socket.once('error', reject);
  });
}

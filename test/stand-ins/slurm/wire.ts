// The protocol between the stand-in commands (stand-in-program.js) and the stand-in cluster: one JSON text in each direction.
import type { Socket } from 'node:net';
import * as z from 'zod';

export const STAND_IN_COMMANDS = ['sbatch', 'squeue', 'scancel', 'sacct', 'sinfo', 'scontrol', 'srun'] as const;

export const commandName = z.enum(STAND_IN_COMMANDS);

export type CommandName = z.infer<typeof commandName>;

export const commandCall = z.object({
  program: commandName,
  args: z.array(z.string()),
  /** For sbatch, if the cluster requested it. */
  script: z.string().nullable(),
  workDir: z.string(),
  user: z.string(),
  uid: z.number(),
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
  /** Added to the environment of the caller. */
  readonly environment: Readonly<Record<string, string>>;
}

export type CommandAnswer =
  | ({ readonly kind: 'done' } & CommandReply)
  /** Call again with the script: from this file, or from stdin. */
  | { readonly kind: 'script-wanted'; readonly file: string | null }
  /** Run these at once, and exit with the highest of their exit codes. */
  | { readonly kind: 'run-tasks'; readonly tasks: readonly TaskStart[] };

/** In the cluster's private directory: any user with access can run anything as its owner. */
export const SOCKET_NAME = 'socket';

/** Everything that the other side sends until it closes its end. Our end of the socket stays open. */
export function receive(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  return new Promise((resolve, reject) => {
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    socket.once('error', reject);
  });
}
